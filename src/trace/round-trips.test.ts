import { expect, test } from 'vitest';
import { offsetOf } from './round-trips.ts';

test('the shortest round trip gives the offset, half of it and a microsecond the bound', () => {
  const trips = [
    { sentNs: 0n, remoteNs: 9_000_000n, gotNs: 400_000n },
    { sentNs: 1_000_000n, remoteNs: 6_050_000n, gotNs: 1_100_000n },
  ];
  expect(offsetOf(trips)).toEqual({ offsetNs: 5_000_000n, boundNs: 51_000n });
});
