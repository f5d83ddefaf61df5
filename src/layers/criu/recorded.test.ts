import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RecordedLog, readCase, recordedCases, recordedRoot } from '../../../test/recorded/criu-cases.ts';
import { failureOf, outcomeOf } from './failure.ts';
import { treeOf } from './log-tree.ts';
import type { PhaseNode } from './phase-tree.ts';
import { isGarbage } from './statistics.ts';

const cases = recordedCases.map((name) => ({ name, logs: readCase(name) }));
const all = cases.flatMap(({ logs }) => logs).map((log) => ({ file: log.digest.file, log }));

describe.each(cases)('$name', ({ name, logs }) => {
  test('phases', async () => {
    const outlines = logs.map(({ digest }) => outline({ digest, statistics: null }));
    await expect(outlines.join('\n')).toMatchFileSnapshot(join(recordedRoot, name, 'outline.txt'));
  });
});

test('every case is read, and none is empty but the one of verbosity 0', () => {
  expect(cases.filter(({ logs }) => logs.length === 0).map(({ name }) => name)).toEqual(['v-tiny-cli-v0']);
  expect(all.length).toBeGreaterThan(90);
});

describe.each(all.filter(({ log }) => treeOf(log.digest) !== null))('$file', ({ log }) => {
  const { digest } = log;
  const tree = treeOf(digest, { isDetailed: true }) as PhaseNode;

  test('children lie within their parents, and the top phases cover everything without overlap', () => {
    for (const node of nodesOf(tree)) {
      expect(node.endUs).toBeGreaterThanOrEqual(node.startUs);
      for (const child of node.children) {
        expect(child.startUs).toBeGreaterThanOrEqual(node.startUs);
        expect(child.endUs).toBeLessThanOrEqual(node.endUs);
      }
    }
    expect([0, ...tree.children.map(({ endUs }) => endUs)]).toEqual([
      ...tree.children.map(({ startUs }) => startUs),
      digest.endUs,
    ]);
  });
});

describe.each(all.filter(({ log: { digest } }) => outcomeOf(digest) === 'ok'))('$file', ({ log: { digest } }) => {
  test('named leaves cover at least 90 % of the time that CRIU did not just wait for others', () => {
    const tree = treeOf(digest, { isDetailed: true }) as PhaseNode;
    const waits = nodesOf(tree).filter(({ phase, children }) => children.length === 0 && phase.name.endsWith('.wait'));
    const waitedUs = waits.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
    expect(coveredUs(tree) / (digest.endUs - waitedUs)).toBeGreaterThan(0.9);
  });
});

/** At -v3 the first freezer line and the end of a memory phase are not printed. */
const measured = all.filter(
  ({ file, log: { digest, statistics } }) =>
    outcomeOf(digest) === 'ok' && statistics !== null && !isGarbage(statistics) && !/-v3|logpid/.test(file),
);

describe.each(measured)("CRIU's own statistics: $file", ({ log: { digest, statistics } }) => {
  test('phases are within 5 % of them', () => {
    const tree = treeOf(digest, { isDetailed: true }) as PhaseNode;
    const values = statistics?.values ?? {};
    const start = (name: string) => tree.children.find(({ phase }) => phase.name === name)?.startUs ?? Number.NaN;
    const sum = (name: string) =>
      nodesOf(tree).reduce((us, { phase, startUs, endUs }) => (phase.name === name ? us + endUs - startUs : us), 0);
    if (digest.kind === 'restore') {
      expectWithin5Percent(start('criu.restore.resume') - start('criu.restore.images'), values.restore_time);
      return;
    }
    const thawed = digest.kind === 'dump' ? start('criu.dump.statistics') : start('criu.pre-dump.write');
    const frozen = digest.kind === 'dump' ? start('criu.dump.namespace-ids') : start('criu.pre-dump.collect');
    expectWithin5Percent(sum(`criu.${digest.kind}.freeze`), values.freezing_time);
    expectWithin5Percent(thawed - frozen, values.frozen_time);
    expectWithin5Percent(sum(`criu.${digest.kind}.memory`), values.memdump_time);
  });
});

test('there is something to measure', () => {
  const count = (kind: string) => measured.filter(({ log }) => log.digest.kind === kind).length;
  expect([count('dump') > 20, count('pre-dump') >= 3, count('restore') > 10]).toEqual([true, true, true]);
});

/** A stamp lies up to some microseconds beside the moment that CRIU's timer is stopped. */
function expectWithin5Percent(us: number, own: number | undefined): void {
  if (own === undefined) throw new Error('the statistics lack it');
  expect(Math.abs(us - own), `${us} µs by the log, ${own} µs by CRIU`).toBeLessThanOrEqual(Math.max(own * 0.05, 20));
}

function nodesOf(root: PhaseNode): readonly PhaseNode[] {
  const nodes = [root];
  for (let index = 0; index < nodes.length; index += 1) nodes.push(...(nodes[index] as PhaseNode).children);
  return nodes;
}

/** Length of the union of the leaves that name something. */
function coveredUs(root: PhaseNode): number {
  const leaves = nodesOf(root).filter(({ phase, children }) => children.length === 0 && !phase.isWait);
  let coveredTo = 0;
  let sum = 0;
  for (const { startUs, endUs } of leaves.sort((a, b) => a.startUs - b.startUs)) {
    sum += Math.max(0, endUs - Math.max(startUs, coveredTo));
    coveredTo = Math.max(coveredTo, endUs);
  }
  return sum;
}

/** One line a phase: name, begin and length in µs. Of many tasks only the first shows its parts. */
function outline({ digest }: RecordedLog): string {
  const failure = failureOf(digest);
  const lines = [`${digest.file}: ${digest.kind}, ${outcomeOf(digest)}, CRIU ${digest.version}, ${digest.lines} lines`];
  const tree = treeOf(digest);
  const waiting = tree === null ? [] : [{ node: tree, depth: 1 }];
  const shown = new Set<string>();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { node, depth } = next;
    const { pid, vpid, hook, comm } = node.groups;
    const notes = [vpid ?? pid, comm, hook, node.error && 'failed'].filter((note) => note !== undefined).join(' ');
    const isKnown = node.phase.name.endsWith('.task') && shown.has(node.phase.name);
    const parts = isKnown && node.children.length > 0 ? `, ${node.children.length} parts` : '';
    lines.push(
      `${'  '.repeat(depth)}${node.phase.name} ${node.startUs} +${node.endUs - node.startUs}${notes && ` (${notes})`}${parts}`,
    );
    shown.add(node.phase.name);
    if (!isKnown) waiting.unshift(...node.children.map((child) => ({ node: child, depth: depth + 1 })));
  }
  if (failure !== null) lines.push(`  failure at line ${failure.line}: ${failure.message}`, `    cause: ${failure.cause}`);
  return `${lines.join('\n')}\n`;
}
