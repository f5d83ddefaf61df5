import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { runtimeName } from './runtime-place.ts';

export interface NamedContainer {
  readonly id: string;
  readonly name: string;
  /** `running`, `exited`, …, as `docker ps` says. */
  readonly state: string;
}

/**
 * Containers, running or not, that name our runtime: without it they would not start again. From dockerd's own files: an inspect of a
 * container that waits for its restore is not answered.
 */
export async function namedContainers(host: Host, rootFolder: string): Promise<readonly NamedContainer[]> {
  const folder = quoteWord(`${rootFolder}/containers`);
  const { stdout, stderr, exitCode } = await host.shell.run(
    `cd ${folder} && find . -maxdepth 2 -name hostconfig.json -exec grep -l '"Runtime":"${runtimeName}"' {} + ; [ $? -le 1 ]`,
  );
  if (exitCode !== 0) throw new TransshipError('not-ready', `${host.name}: ${stderr.trim()}`, 'transship doctor looks');
  const ids = [...stdout.matchAll(/^\.\/([0-9a-f]{64})\/hostconfig\.json$/gm)].map((match) => match[1] ?? '');
  if (ids.length === 0) return [];
  const all = new Map((await host.docker.listContainers({ all: true })).map((one) => [one.Id, one]));
  return ids.map((id) => ({
    id,
    name: all.get(id)?.Names[0]?.replace(/^\//, '') ?? id.slice(0, 12),
    state: all.get(id)?.State ?? 'unknown',
  }));
}
