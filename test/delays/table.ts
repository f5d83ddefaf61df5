import type { DelayRow } from './play.ts';

/** What must be: of each delay so much on the right leaves. */
const leastShare = 0.95;

export function isRight({ heldMs, share }: DelayRow): boolean {
  return heldMs !== null && share >= leastShare;
}

export const delayHead =
  '| held up | host | asked | held | on the right leaf | elsewhere |\n| --- | --- | --- | --- | --- | --- |';

/** Rows of a table of Markdown. */
export function delayLines(rows: readonly DelayRow[]): string {
  const lines = rows.map((row) => {
    const { place, wantedMs, heldMs, share, elsewhere } = row;
    const held = heldMs === null ? '-' : `${heldMs.toFixed(1)} ms`;
    const words = share > 0.999 ? '' : ` ${isRight(row) ? '' : '**no:** '}${elsewhere}`;
    return `| ${place.what} (${place.strategy}) | ${place.host} | ${wantedMs} ms | ${held} | ${(share * 100).toFixed(1)} % |${words} |`;
  });
  return lines.join('\n');
}
