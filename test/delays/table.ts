import type { DelayRow } from './play.ts';

/** What must be: of each delay so much on the right leaves. */
const leastShare = 0.95;

export function isRight({ heldMs, share }: DelayRow): boolean {
  return heldMs !== null && share >= leastShare;
}

/** The rows as a table of Markdown. */
export function delayTable(rows: readonly DelayRow[]): string {
  const head = '| held up | host | asked | held | on the right leaf | elsewhere |\n| --- | --- | --- | --- | --- | --- |';
  const lines = rows.map(({ place, wantedMs, heldMs, share, elsewhere }) => {
    const held = heldMs === null ? '-' : `${heldMs.toFixed(1)} ms`;
    const words = share > 0.999 ? '' : ` ${isRight({ place, wantedMs, heldMs, share, elsewhere }) ? '' : '**no:** '}${elsewhere}`;
    return `| ${place.what} (${place.strategy}) | ${place.host} | ${wantedMs} ms | ${held} | ${(share * 100).toFixed(1)} % |${words} |`;
  });
  return [head, ...lines].join('\n');
}
