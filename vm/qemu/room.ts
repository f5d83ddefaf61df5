import { existsSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { TransshipError } from '../../src/error.ts';
import { cacheFolder } from '../places.ts';

/** A root tree and its disk are half a GB each, a kernel a tenth of one; what two hosts write comes on top. */
const leastDiskBytes = 2e9;

/**
 * @param folder need not be there yet
 * @throws TransshipError `not-ready` when its file system has too little room for virtual machines
 */
export function requireRoom(folder: string, leastBytes = leastDiskBytes): void {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  if (free >= leastBytes) return;
  throw new TransshipError(
    'not-ready',
    `${folder}: ${(free / 1e9).toFixed(1)} GB are free; virtual machines need ${leastBytes / 1e9} GB there`,
    `make room; root trees, disks and kernels in ${cacheFolder} can be deleted while no hosts are up`,
  );
}

/** @throws TransshipError `not-ready` when the machine has less memory than its two guests are to have */
export function requireMemory(memoryMib: number, totalBytes = totalmem()): void {
  const guests = 2 * memoryMib * 2 ** 20;
  if (guests < totalBytes) return;
  throw new TransshipError(
    'not-ready',
    `two virtual machines of ${memoryMib} MiB: this machine has ${Math.floor(totalBytes / 2 ** 20)} MiB`,
    'give them less: --memory 512M',
  );
}
