import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Host } from '../../src/hosts/host.ts';
import { medianInterval, medianRatio } from '../../src/trace/median-interval.ts';

/** `412 (398-440)`: median, and the 95 % interval of it. */
export function spread(values: readonly number[], digits = 0): string {
  const { median, low, high } = medianInterval(values);
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export interface Goal {
  readonly what: string;
  readonly oursMs: readonly number[];
  readonly anchorMs: readonly number[];
  /** The ratio is to be this at most; null: it is reported. */
  readonly most: number | null;
}

/** One row a ratio, with the milliseconds that it is made of. */
export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, oursMs, anchorMs, most }) => {
    const ratio = medianRatio(anchorMs, oursMs);
    const isInverse = ratio.median < 0.5;
    const text = isInverse
      ? `1/${(1 / ratio.median).toFixed(1)} (1/${(1 / ratio.high).toFixed(1)}-1/${(1 / ratio.low).toFixed(1)})`
      : `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)})`;
    const wanted = most === null ? '' : most < 0.5 ? `≤ 1/${(1 / most).toFixed(0)}` : `≤ ${most}`;
    const verdict = most === null ? '' : ratio.median <= most ? 'reached' : 'missed';
    return [what, text, wanted, verdict, `${spread(oursMs)} / ${spread(anchorMs)}`];
  });
  return table(['ratio', 'measured (95 %)', 'to reach', '', 'milliseconds (95 %)'], rows);
}

/** What the figures were made on: they mean nothing without it. */
export async function machine(host: Host): Promise<string> {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
  const { versions } = await host.facts();
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version ?? 'unknown'}`);
  return `Both hosts on one machine: ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; ${software.join(', ')}.`;
}
