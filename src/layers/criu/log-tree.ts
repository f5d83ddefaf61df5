import { type Failure, failureOf } from './failure.ts';
import type { LogDigest } from './log-digest.ts';
import type { Phase } from './phase.ts';
import { phaseTables } from './phase-tables.ts';
import { growPhases, newNode, type PhaseNode } from './phase-tree.ts';
import { growRestore } from './restore-tree.ts';

/**
 * Tasks whose parts are kept, and parts of one phase that are kept, so that a trace stays readable: memory goes in rounds of 7 MB with
 * three parts each, which makes 1.4 GB. What is left out is summed up by name.
 */
const kept = { tasks: 24, parts: 600 } as const;

export interface TreeOptions {
  /** Keep every part of every task. */
  readonly isDetailed?: boolean;
}

/** A log as a tree: the root covers CRIU's zero to the last line. `null` for a log without times, or of no known kind. */
export function treeOf(digest: LogDigest, { isDetailed = false }: TreeOptions = {}): PhaseNode | null {
  const { kind } = digest;
  if (kind === null || !digest.isTimed) return null;
  const whole = { startUs: 0, endUs: digest.endUs, line: 0, lane: null };
  const phase: Phase = { name: `criu.${kind}`, begins: null, code: 'main', level: 3, source: 'the whole log' };
  const root = { ...newNode(phase, { us: 0, line: 0 }, null), endUs: digest.endUs };
  const marks = [...digest.marks].sort((a, b) => a.us - b.us);
  root.children = kind === 'restore' ? growRestore(digest) : growPhases(phaseTables[kind], marks, whole);
  const failure = failureOf(digest);
  if (failure !== null) markFailure(root, failure);
  if (!isDetailed) thinOut(root);
  return root;
}

/** The error goes to the root, to the phase where it happened, and to what lies between. */
function markFailure(root: PhaseNode, failure: Failure): void {
  for (let node: PhaseNode | undefined = root; node !== undefined; ) {
    node.error = failure.message;
    node = node.children.findLast((child) => child.line <= failure.line && (child.lane === null || child.lane === failure.lane));
  }
}

function thinOut(root: PhaseNode): void {
  const nodes = [root];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const isTasks = /\.tasks$/.test(node.phase.name);
    if (isTasks) thinTasks(node.children);
    else if (node.children.length > kept.parts && node !== root) omitParts(node);
    nodes.push(...node.children);
  }
}

function thinTasks(tasks: readonly PhaseNode[]): void {
  const byLength = [...tasks].sort((a, b) => b.endUs - b.startUs - (a.endUs - a.startUs));
  for (const task of byLength.slice(kept.tasks)) if (task.error === undefined) omitParts(task);
}

function omitParts(node: PhaseNode): void {
  const sums: Record<string, number> = {};
  for (const { phase, startUs, endUs } of node.children) sums[phase.name] = (sums[phase.name] ?? 0) + endUs - startUs;
  node.omittedUs = sums;
  node.children = [];
}
