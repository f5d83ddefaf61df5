import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../destination-state.ts';
import type { TwoHosts } from '../two-hosts.ts';
import type { DelayPlace } from './places.ts';

/** Enough for the images of the workload; what nobody writes is nowhere. */
const size = '256M';
const file = '/run/own-disk.img';

/**
 * A file system of its own at each place whose disk is to take nothing, made of a file in memory: the machine's own cannot be frozen, as all of its
 * hosts and everybody else are on it. Test hosts have no mke2fs, and no loop devices in /dev.
 */
export async function ownDisks(hosts: TwoHosts, places: readonly DelayPlace[]): Promise<AsyncDisposable> {
  const disks = places.filter(({ how }) => how === 'disk').map(({ host, target }) => ({ host: hosts[host], target }));
  for (const { host, target } of disks) await mountDisk(host, target);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { host, target } of disks) await onHost(host, `umount -l ${target}; rm -f ${file}`);
    },
  };
}

async function mountDisk(host: Host, at: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'transship-disk-'));
  try {
    const image = join(folder, 'image');
    await execa('/usr/sbin/mke2fs', ['-q', '-F', '-t', 'ext4', '-O', '^has_journal', image, size]);
    const unpack = host.spawn(`gzip -d | cp --sparse=always /dev/stdin ${file}`);
    await pipeline(createReadStream(image), createGzip(), unpack.stdin);
    const { exitCode, stderr } = await unpack.ended;
    if (exitCode !== 0) throw new Error(`${host.name}: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const nodes = 'for i in $(seq 0 31); do [ -e /dev/loop$i ] || mknod /dev/loop$i b 7 $i; done';
  const control = '[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237';
  await onHost(host, `${control}; ${nodes}; mount -o loop ${file} ${at} && chmod 1777 ${at}`);
}
