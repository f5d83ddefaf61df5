import { expect, test } from 'vitest';
import type { Manifest } from '../evidence/manifest.ts';
import { driftWords } from './clock-drift.ts';

type Given = Pick<Manifest, 'clocks' | 'hosts'>;

const hosts = { source: { name: 'a' }, destination: { name: 'b' } } as Given['hosts'];
const reading = (host: string, when: 'before' | 'after', offsetUs: number) => ({
  ...{ host, when, offsetNs: String(offsetUs * 1e3), boundNs: '100000', roundTrips: 40 },
  takenNs: when === 'before' ? '0' : '60000000000',
});

test('what two clocks ran apart by is told where it is more than is known of them', () => {
  const before = [reading('a', 'before', 0), reading('b', 'before', 300)];
  const after = (offsetUs: number) => [...before, reading('a', 'after', 50), reading('b', 'after', offsetUs)];
  expect(driftWords({ hosts, clocks: after(-150) })).toBe('; they drifted by -500 µs ±400 µs in 60.0 s');
  expect(driftWords({ hosts, clocks: after(-50) })).toBe('');
  expect(driftWords({ hosts, clocks: before })).toBe('');
});
