import { beforeAll, expect, test } from 'vitest';
import { installRuntime } from '../../src/wrap/install.ts';
import { bringWorkload, footprint, pingpong } from '../pingpong.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** A short one; `npm run bench:pingpong` makes a hundred moves. */
describeOnHosts('to and fro', 'pingpong', (hosts) => {
  let image = '';

  beforeAll(async () => {
    for (const host of [hosts().a, hosts().b]) await installRuntime(host);
    image = await bringWorkload(hosts());
  }, 600_000);

  test('six moves by three strategies: a client is answered throughout, and nothing grows', async () => {
    const { a, b } = hosts();
    // the first there and back leaves the image and what dockerd makes once
    await pingpong(hosts(), { moves: 2, image }, () => {});
    const before = { a: await footprint(a), b: await footprint(b) };
    const { acknowledged } = await pingpong(hosts(), { moves: 6, image }, () => {});
    expect(acknowledged).toBeGreaterThan(100);
    for (const name of ['a', 'b'] as const) {
      const after = await footprint(hosts()[name]);
      for (const kind of ['processes', 'mounts', 'rules', 'links', 'files'] as const)
        expect({ name, kind, more: after[kind] - before[name][kind] }).toEqual({ name, kind, more: 0 });
    }
  });
});
