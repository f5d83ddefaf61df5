import { type Finding, fail, type HostSubject, ok, warn } from './check.ts';
import { quoteWord } from './link.ts';
import { formatBytes } from './sizes.ts';

const gigabyte = 1024 ** 3;

interface FileSystem {
  /** The first folder that was asked for in it. */
  readonly folder: string;
  readonly freeBytes: number;
  neededBytes: number;
}

/** Free space against what will be written, by file system: two folders may share one. */
export async function diskFinding({ host, info, need }: HostSubject): Promise<Finding | null> {
  if (info === null) return null;
  const wanted = [{ folder: null, bytes: 0 }, ...(need?.disk ?? [])].map(({ folder, bytes }) => ({
    folder: folder ?? info.DockerRootDir,
    bytes,
  }));
  const systems = new Map<string, FileSystem>();
  for (const { folder, bytes } of wanted) {
    const { stdout, exitCode, stderr } = await host.shell.run(freeSpace(folder));
    const [, , , freeKb, , ...mount] = stdout.trim().split(/\s+/);
    if (exitCode !== 0 || Number.isNaN(Number(freeKb))) return warn(`free space of ${folder} is unknown (${stderr.trim()})`);
    const known = systems.get(mount.join(' ')) ?? { folder, freeBytes: Number(freeKb) * 1024, neededBytes: 0 };
    known.neededBytes += bytes;
    systems.set(mount.join(' '), known);
  }
  return findingOf([...systems.values()]);
}

/** Of the folder, or of the nearest one above it that is there already. */
function freeSpace(folder: string): string {
  return `at=${quoteWord(folder)}; while [ ! -e "$at" ]; do at=$(dirname "$at"); done; df -Pk "$at" | tail -n 1`;
}

function findingOf(systems: readonly FileSystem[]): Finding {
  const short = systems.filter(({ freeBytes, neededBytes }) => freeBytes < neededBytes);
  if (short.length > 0)
    return fail(short.map((each) => `${wordsOf(each)}, about ${formatBytes(each.neededBytes)} needed`).join('; '));
  const found = systems.map(wordsOf).join(', ');
  const isUnasked = systems.every(({ neededBytes }) => neededBytes === 0);
  return isUnasked && systems.some(({ freeBytes }) => freeBytes < gigabyte) ? warn(found) : ok(found);
}

function wordsOf({ folder, freeBytes }: FileSystem): string {
  return `${formatBytes(freeBytes)} free in ${folder}`;
}
