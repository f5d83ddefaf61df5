import { expect, test } from 'vitest';
import type { AlignedSpan } from './aligned-span.ts';
import { withinCallers } from './within-callers.ts';

const span = (host: string, endNs: bigint): AlignedSpan => ({ host, startNs: 10n, endNs, boundNs: 50n }) as AlignedSpan;

test.each([
  ['a little late: it ends with its caller', 'a', 180n, 100n],
  ['later than both may be off by: it stays as it is', 'a', 201n, 201n],
  ['of another host, whose clock is another one: it stays', 'b', 180n, 180n],
] as const)('%s', (_, host, endNs, expected) => {
  const [, own] = withinCallers([span('a', 100n), span(host, endNs)], [undefined, 0]);
  expect(own?.endNs).toBe(expected);
});

test('what is below it goes along', () => {
  const ends = withinCallers([span('a', 190n), span('a', 180n), span('a', 100n)], [1, 2, undefined]).map(({ endNs }) => endNs);
  expect(ends).toEqual([100n, 100n, 100n]);
});
