import { setTimeout as sleep } from 'node:timers/promises';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { TransshipError } from '../../src/error.ts';
import type { RunFolder } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import type { Built } from '../../src/instrument/build-programs.ts';
import { backToStock, installPrograms } from '../../src/instrument/install-programs.ts';
import type { Trace } from '../../src/trace/span.ts';
import { nsToUs } from '../../src/trace/time.ts';
import { onHost } from '../../test/destination-state.ts';
import { counterName, reviveDockerd, startCounter } from '../../test/host-faults.ts';
import { moveIt } from '../../test/mover.ts';
import type { TwoHosts } from '../../test/two-hosts.ts';

export interface Moved {
  readonly folder: RunFolder;
  readonly trace: Trace;
  readonly downtimeMs: number;
}

/** Enough that dockerd's way through the content store shows. */
const memoryMb = 64;

/** Moves a container by Docker's own path, from a to b, and removes it there. @throws TransshipError `failed` when it does not get there */
export async function moveOnce(hosts: TwoHosts, signal: AbortSignal): Promise<Moved> {
  signal.throwIfAborted();
  const major = Number.parseInt((await hosts.a.facts()).versions.docker ?? '', 10);
  await startCounter(hosts.a, major >= 28 ? '--network host' : '', memoryMb); // the only network that Docker restores on from then on
  const { folder, manifest } = await moveIt(hosts, { container: counterName, options: { strategy: 'docker' }, signal });
  await onHost(hosts.b, `docker rm -f ${counterName} >/dev/null 2>&1; true`);
  const trace = loadTrace(folder);
  if (manifest.outcome !== 'migrated' || trace.downtime === null)
    throw new TransshipError('failed', manifest.error?.message ?? 'it did not move', 'transship doctor test:a test:b');
  const { startNs, endNs } = trace.downtime;
  return { folder, trace, downtimeMs: nsToUs(endNs - startNs) / 1e3 };
}

/** Has both hosts run the builds, or (null) their own programs, daemons too. No container runs then. */
export async function switchBoth({ a, b }: TwoHosts, built: Built | null): Promise<void> {
  for (const host of [a, b]) {
    await (built === null ? backToStock(host) : installPrograms(host, built));
    await restartDaemons(host);
  }
}

/** dockerd takes its containerd along when it ends. */
async function restartDaemons(host: Host): Promise<void> {
  const gone = 'for i in $(seq 300); do pidof dockerd containerd >/dev/null || exit 0; sleep 0.1; done; exit 1';
  await onHost(host, `kill $(pidof dockerd); ${gone}`);
  await reviveDockerd(host);
  await sleep(500); // it goes on with its start for a while after it answers
}

/** Names from a span up to the run's own. */
export function callersOf({ spans }: Trace, name: string): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const names: string[] = [];
  let at = spans.find((span) => span.name === name);
  for (let step = 0; at !== undefined && step < spans.length; step += 1) {
    at = byId.get(at.parentSpanId ?? '');
    if (at !== undefined) names.push(at.name);
  }
  return names;
}
