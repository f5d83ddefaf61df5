/**
 * Folded stacks: names from the root down, separated by semicolons, a blank, and the time in µs in which the last of them itself was at it.
 * Format: https://github.com/brendangregg/FlameGraph (flamegraph.pl), which inferno and speedscope read as well.
 */
import type { Span, Trace } from '../trace/span.ts';
import { nsPerUs } from '../trace/time.ts';
import { selfNs, type WorkNode, workTree } from '../trace/work-tree.ts';
import { chunks } from './process-groups.ts';

const linesPerChunk = 1_000;

/** One line a stack, in order of first appearance. What goes on side by side (restored tasks) counts for each, as CPU time does. */
export function* foldedStacks(trace: Pick<Trace, 'spans'>): Generator<string> {
  const sums = new Map<string, bigint>();
  for (const node of workTree(trace.spans)) {
    const stack = stackOf(node);
    sums.set(stack, (sums.get(stack) ?? 0n) + selfNs(node));
  }
  const lines = [...sums].map(([stack, ns]) => [stack, (ns + nsPerUs / 2n) / nsPerUs] as const).filter(([, us]) => us > 0n);
  for (const chunk of chunks(lines, linesPerChunk)) yield chunk.map(([stack, us]) => `${stack} ${us}\n`).join('');
}

function stackOf(node: WorkNode): string {
  const frames: string[] = [];
  const seen = new Set<WorkNode>();
  for (let at: WorkNode | undefined = node; at !== undefined && !seen.has(at); at = at.parent) {
    seen.add(at);
    frames.push(frameOf(at.span));
  }
  return frames.reverse().join(';');
}

/** A semicolon parts frames, a line end stacks. */
function frameOf({ name }: Span): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return name.replace(/[;\u0000-\u001f\u007f]/g, ' ');
}
