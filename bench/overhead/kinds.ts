import { restartDocker } from '../../src/cli/testbed-sync.ts';
import { TransshipError } from '../../src/error.ts';
import type { Host } from '../../src/hosts/host.ts';
import type { WatchKind } from '../../src/migrate/watch.ts';
import type { TwoHosts } from '../../test/two-hosts.ts';

/**
 * What tracing has hosts do, each by itself. `calls`: wrappers note runc, CRIU and the shim. `kernel`: tracepoints of programs. `spans`: the daemons
 * make spans and send them to the move. `log`: dockerd writes its debug lines.
 */
export const kinds = ['calls', 'kernel', 'spans', 'log'] as const;
export type Kind = (typeof kinds)[number];

/** Those that the move itself asks for; the others a daemon has from its start. */
export function watchedOf(chosen: readonly Kind[]): readonly WatchKind[] {
  return chosen.filter((kind) => kind === 'calls' || kind === 'kernel');
}

/** What start-dockerd of a test host has for a kind, as sed takes it away. */
const withoutKind = { calls: '/^PATH=/d', spans: '/^export OTEL/d', log: 's/ --debug//' } as const;
const script = '/usr/local/sbin/start-dockerd';

/** Has the daemons of both hosts do what is chosen and nothing else; they are started anew only where that changes something. */
export async function haveDaemons({ a, b }: TwoHosts, chosen: readonly Kind[]): Promise<void> {
  await Promise.all([a, b].map((host) => haveDaemon(host, chosen)));
}

/** @throws TransshipError `failed` when it does not start again */
export async function haveDaemon(host: Host, chosen: readonly Kind[]): Promise<void> {
  const edits = Object.entries(withoutKind).flatMap(([kind, edit]) => (chosen.some((one) => one === kind) ? [] : [edit]));
  const edited = `sed '${edits.join('; ')}' ${script}.own`;
  const change = `[ -e ${script}.own ] || cp -p ${script} ${script}.own; ${edited} | cmp -s - ${script} && exit 3; ${edited} >${script}.new &&
    cat ${script}.new >${script}`;
  const { exitCode, stderr } = await host.shell.run(change);
  if (exitCode === 3) return;
  if (exitCode !== 0) throw new TransshipError('failed', `${host.name}: ${stderr.trim()}`, 'is it a test host?');
  await restartDocker(host);
}
