import { beforeEach } from 'vitest';
import type { Host } from '../src/hosts/host.ts';
import type { TwoHosts } from './two-hosts.ts';

/** A test's second try finds the containers that its first has found, and none that it has left. */
export function removeOfFirstTry(hosts: () => TwoHosts | null): void {
  let first = { test: '', ids: new Set<string>() };
  beforeEach(async ({ task }) => {
    const both = Object.values(hosts() ?? {});
    const ids = (await Promise.all(both.map(containerIds))).flat();
    if (first.test !== task.id) first = { test: task.id, ids: new Set(ids) };
    const left = ids.filter((id) => !first.ids.has(id));
    if (left.length > 0) await Promise.all(both.map((host) => host.shell.run(`docker rm -f ${left.join(' ')}`)));
  });
}

async function containerIds({ shell }: Host): Promise<readonly string[]> {
  return (await shell.run('docker ps -aq --no-trunc')).stdout.split('\n').filter((id) => id !== '');
}
