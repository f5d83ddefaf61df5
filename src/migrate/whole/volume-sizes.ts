import { dirname } from 'node:path/posix';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import type { DiskNeed } from '../../hosts/need.ts';
import type { VolumePlan } from './volumes-plan.ts';

/** Counting a tree of millions of files must not hold up a plan; what is not counted in time is taken as nothing. */
const countLimitMs = 20_000;

/** What the copied volumes and bind mounts will take on the destination. */
export async function volumeNeeds(source: Host, plans: readonly VolumePlan[]): Promise<readonly DiskNeed[]> {
  const needs: DiskNeed[] = [];
  for (const { type, from, mode } of plans) {
    if (mode !== 'copy') continue;
    const folder = type === 'volume' ? null : dirname(from);
    needs.push({ folder, bytes: await sizeOf(source, from) });
  }
  return needs;
}

async function sizeOf(source: Host, path: string): Promise<number> {
  const command = `timeout ${countLimitMs / 1000} du -sk -- ${quoteWord(path)}`;
  const { stdout } = await source.shell.run(command, { timeoutMs: countLimitMs + 5_000 });
  return (Number.parseInt(stdout, 10) || 0) * 1024;
}
