import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offsetOf } from './round-trips.ts';

test('trips that are long in different ways are surer together than each alone', () => {
  const trips = [
    { sentNs: 0n, remoteNs: 5_390_000n, gotNs: 400_000n }, // long on the way there: offset 4.99 to 5.39 ms
    { sentNs: 1_000_000n, remoteNs: 6_010_000n, gotNs: 1_300_000n }, // long on the way back: 4.71 to 5.01 ms
  ];
  expect(offsetOf(trips)).toEqual({ offsetNs: 5_000_000n, boundNs: 11_130n });
});

test('a clock that was moved meanwhile: the shortest round trip gives the offset, half of it and a microsecond the bound', () => {
  const trips = [
    { sentNs: 0n, remoteNs: 9_000_000n, gotNs: 400_000n },
    { sentNs: 1_000_000n, remoteNs: 6_050_000n, gotNs: 1_100_000n },
  ];
  expect(offsetOf(trips)).toEqual({ offsetNs: 5_000_000n, boundNs: 51_110n });
});

test('the truth lies within the bound, which is no larger than that of the shortest trip', () => {
  const way = fc.bigInt({ min: 0n, max: 10_000_000n });
  fc.assert(
    fc.property(
      fc.bigInt({ min: -1_000_000_000_000n, max: 1_000_000_000_000n }),
      fc.array(fc.tuple(way, way), { minLength: 1, maxLength: 40 }),
      (truth, ways) => {
        const trips = ways.map(([there, back], index) => {
          const sentNs = BigInt(index) * 100_000_000n;
          return { sentNs, remoteNs: sentNs + there + truth, gotNs: sentNs + there + back };
        });
        const { offsetNs, boundNs } = offsetOf(trips);
        const distance = offsetNs > truth ? offsetNs - truth : truth - offsetNs;
        expect(distance <= boundNs).toBe(true);
        const shortest = ways.map(([there, back]) => there + back).reduce((a, b) => (b < a ? b : a));
        expect(boundNs <= shortest / 2n + 1_001n + 410_000n).toBe(true);
      },
    ),
  );
});
