import { expect, test } from 'vitest';
import { built, controller, criu, type Drawn, ms } from '../../test/drawn-layers.ts';
import type { LayerSpans } from './layer-spans.ts';

const run: readonly Drawn[] = [{ key: 'migration', at: [0, 100] }];

function log(
  key: string,
  host: 'source' | 'destination',
  place: { at: number; boundMs: number; meets: number; isFirst: boolean },
) {
  const layer = criu(host, [{ key, at: [place.at, place.at + 20] }], { boundMs: place.boundMs });
  const meetings = [{ with: 'page connection', isFirst: place.isFirst, atNs: BigInt(place.meets) * ms }];
  return { ...layer, meetings } satisfies LayerSpans;
}

/*
 * sure     30├────────┤50   says at 40 that it was called
 * unsure     33├────────┤53 ± 6, says at 44 that it calls: by 4 ms too late, or more
 */
test('the surer of two logs says where the other lies', () => {
  const sure = log('criu.dump', 'source', { at: 30, boundMs: 0, meets: 40, isFirst: false });
  const unsure = log('criu.restore', 'destination', { at: 33, boundMs: 6, meets: 44, isFirst: true });
  const found = built([controller(run), sure, unsure]).spans.find(({ name }) => name === 'criu.restore');
  expect(Number((found?.startNs ?? 0n) / 1000n)).toBe(28_750); // a quarter of a millisecond is the likely way
  expect(found?.attributes['migration.clock.uncertainty_us']).toBe(250);
});

test('a meeting that contradicts what is known of the two is of something else', () => {
  const sure = log('criu.dump', 'source', { at: 30, boundMs: 0, meets: 40, isFirst: false });
  const far = log('criu.restore', 'destination', { at: 33, boundMs: 1, meets: 60, isFirst: true });
  const found = built([controller(run), sure, far]).spans.find(({ name }) => name === 'criu.restore');
  expect(found?.startNs).toBe(33n * ms);
  expect(found?.attributes['migration.clock.uncertainty_us']).toBe(1000);
});
