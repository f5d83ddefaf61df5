import type { AlignedSpan } from './aligned-span.ts';
import { formatNs, type Ns } from './time.ts';

/**
 * Says which spans lie outside their parent by more than the clocks and anchors allow. Spans of one group share their
 * clock, so nothing is allowed between them; between groups both bounds add up. By one clock a child that ends after its parent has outlived it
 * (a CRIU whose runc was killed, a command that the run did not wait for): that is so, and no contradiction.
 */
export function findInconsistencies(spans: readonly AlignedSpan[], parents: readonly (number | undefined)[]): readonly string[] {
  return spans.flatMap((child, index) => {
    const place = parents[index];
    const parent = place === undefined ? undefined : spans[place];
    const found: string[] = [];
    if (child.endNs < child.startNs) found.push(`${title(child)} ends ${formatNs(child.startNs - child.endNs)} before it begins`);
    if (parent === undefined || child.span.isDetail) return found; // a program hangs where most of it lies, and may go on in the next phase
    const allowedNs = child.group === parent.group ? 0n : child.boundNs + parent.boundNs;
    const say = (byNs: Ns, what: string) => {
      if (byNs > allowedNs)
        found.push(
          `${title(child)} ${what} ${title(parent)} by ${formatNs(byNs)}; the clocks allow ${allowedNs === 0n ? 'nothing' : formatNs(allowedNs)}`,
        );
    };
    say(parent.startNs - child.startNs, 'begins before');
    if (child.group !== parent.group) say(child.endNs - parent.endNs, 'ends after');
    return found;
  });
}

/** How a span is named in what is said of it. */
export function title({ span, host }: AlignedSpan): string {
  return `${span.name} (${host})`;
}
