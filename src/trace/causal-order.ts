import type { AlignedSpan } from './aligned-span.ts';
import { title } from './consistency.ts';
import { formatNs } from './time.ts';

/** Two moments, mostly of two clocks, whose order is sure, as the later one waits for the earlier. */
interface Order {
  readonly edge: 'begins' | 'ends';
  readonly earlier: RegExp;
  readonly later: RegExp;
  /** What waits for what. */
  readonly source: string;
}

/**
 * Where our scripts work by themselves no call of the controller encloses what they do, so that a wrong clock puts it into some other step. These
 * moments tell.
 */
const orders: readonly Order[] = [
  {
    edge: 'begins',
    earlier: /^migration\.checkpoint\.dump$/,
    later: /^source\.freeze$/,
    source: 'the step starts the script that freezes (src/migrate/direct/dump-step.ts)',
  },
  {
    edge: 'ends',
    earlier: /^source\.say-go$/,
    later: /^migration\.transfer\.hand-over$/,
    source: 'the step waits for the script’s mark (src/migrate/direct/dump-step.ts)',
  },
  {
    edge: 'begins',
    earlier: /^source\.say-go$/,
    later: /^destination\.unpack$/,
    source: 'the script there waits for the word (src/wrap/host/receive.sh)',
  },
  {
    edge: 'ends',
    earlier: /^runc\.restore$/,
    later: /^migration\.restore\.restore$/,
    source: 'the step waits for docker start, in which runc restores (src/migrate/direct/warm-step.ts)',
  },
];

/** Says which of them come the wrong way round, by more than the clocks and anchors allow. A step that failed did not wait to the end. */
export function findDisorder(spans: readonly AlignedSpan[]): readonly string[] {
  const only = (name: RegExp) => {
    const [found, ...more] = spans.filter(({ span }) => name.test(span.name));
    return found?.span.error === undefined && more.length === 0 ? found : undefined;
  };
  return orders.flatMap((order) => {
    const [earlier, later] = [only(order.earlier), only(order.later)];
    if (earlier === undefined || later === undefined) return [];
    const byNs = order.edge === 'begins' ? earlier.startNs - later.startNs : earlier.endNs - later.endNs;
    const allowedNs = earlier.boundNs + later.boundNs;
    if (byNs <= allowedNs) return [];
    const words =
      order.edge === 'begins' ? [title(later), 'begins before', title(earlier)] : [title(earlier), 'ends after', title(later)];
    return `${words.join(' ')} by ${formatNs(byNs)}; the clocks allow ${formatNs(allowedNs)}`;
  });
}
