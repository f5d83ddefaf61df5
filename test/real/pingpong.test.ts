import { beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../destination-state.ts';
import { footprint, pingpong } from '../pingpong.ts';
import { prepareHosts } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** A short one; `npm run bench:pingpong` makes a hundred moves. */
describeOnHosts('to and fro', 'pingpong', (hosts) => {
  let image = '';

  beforeAll(async () => {
    image = await prepareHosts(hosts());
  }, 600_000);

  test('six moves by three strategies: a client is answered throughout, and nothing grows', async () => {
    const { a, b } = hosts();
    // the first there and back leaves the image and what dockerd makes once
    await pingpong(hosts(), { moves: 2, image }, () => {});
    const before = { a: await lasting(a), b: await lasting(b) };
    const { acknowledged } = await pingpong(hosts(), { moves: 6, image }, () => {});
    expect(acknowledged).toBeGreaterThan(100);
    // what a move leaves behind ends within a moment: sessions of ssh, children of dockerd
    for (const name of ['a', 'b'] as const)
      await expect.poll(() => lasting(hosts()[name]), { timeout: 15_000, interval: 500 }).toEqual(before[name]);
  });
});

async function lasting(host: Host) {
  const { mounts, rules, links, files } = await footprint(host);
  return { mounts, rules, links, files, processes: await processesOf(host) };
}

/** By one program, which is in the list as well: of several it would depend on which has begun. */
async function processesOf(host: Host): Promise<string> {
  const names = await onHost(host, 'exec cat /proc/[0-9]*/comm');
  return names.split('\n').sort().join('\n');
}
