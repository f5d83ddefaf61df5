import { beforeAll, expect, test } from 'vitest';
import { installRuntime } from '../../src/wrap/install.ts';
import { footprint, pingpong } from '../pingpong.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** A short one; `npm run bench:pingpong` makes a hundred moves. */
describeOnHosts('to and fro', 'pingpong', (hosts) => {
  beforeAll(async () => {
    for (const host of [hosts().a, hosts().b]) await installRuntime(host);
  });

  test('six moves by three strategies: the counter goes on, and nothing grows', async () => {
    const { a, b } = hosts();
    // the first there and back leaves the image and what dockerd makes once
    await pingpong(hosts(), 2, () => {});
    const before = { a: await footprint(a), b: await footprint(b) };
    await pingpong(hosts(), 6, () => {});
    for (const name of ['a', 'b'] as const) {
      const after = await footprint(hosts()[name]);
      for (const kind of ['processes', 'mounts', 'rules', 'links', 'files'] as const)
        expect({ name, kind, more: after[kind] - before[name][kind] }).toEqual({ name, kind, more: 0 });
    }
  });
});
