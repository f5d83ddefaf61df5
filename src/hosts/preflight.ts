import type { ContainerInspectInfo } from 'dockerode';
import { type Allowed, type CheckResult, type DockerInfo, type HostSubject, type Need, runChecks } from './check.ts';
import { containerChecks, placeChecks } from './container-checks.ts';
import type { Host } from './host.ts';
import { hostChecks } from './host-checks.ts';
import { pairChecks } from './pair-checks.ts';

export type { Allowed, CheckResult } from './check.ts';

export interface PreflightRequest {
  readonly source: Host;
  /** Without it, one host is looked at alone. */
  readonly destination?: Host;
  /** `docker inspect` of the container on the source; without it, only the hosts are looked at. */
  readonly container?: ContainerInspectInfo;
  readonly allowed?: Allowed;
}

/** Runs every check that applies and touches nothing. Never throws for what a host lacks: that is a `fail` in the list. */
export async function preflight({
  source,
  destination,
  container,
  allowed = {},
}: PreflightRequest): Promise<readonly CheckResult[]> {
  const need = container === undefined ? null : await needOf(source, container);
  const from = await subjectOf(source, null);
  const to = destination === undefined ? null : await subjectOf(destination, need);
  const results = [await runChecks(hostChecks, from, source.name)];
  if (to !== null) {
    results.push(await runChecks(hostChecks, to, to.host.name));
    results.push(await runChecks(pairChecks, { source: from, destination: to }, source.name));
  }
  if (container !== undefined && from.info !== null) {
    const subject = { inspect: container, source: from, destination: to, allowed };
    results.push(await runChecks(containerChecks, subject, source.name));
    if (to !== null && to.info !== null) results.push(await runChecks(placeChecks, subject, to.host.name));
  }
  return results.flat();
}

async function subjectOf(host: Host, need: Need | null): Promise<HostSubject> {
  const [facts, info] = await Promise.all([host.facts(), host.docker.info().catch(() => null)]);
  return { host, facts, info: info as DockerInfo | null, need };
}

/** Resident memory by `docker top`, and the size of the writable layer. */
async function needOf(host: Host, { Id }: ContainerInspectInfo): Promise<Need> {
  const container = host.docker.getContainer(Id);
  const [top, sized] = await Promise.all([
    container.top({ ps_args: '-eo pid,rss' }).catch(() => null),
    // @types/dockerode does not know `size`.
    container.inspect({ size: true } as object).catch(() => null),
  ]);
  const rows: readonly string[][] | null = top?.Processes ?? null;
  const layerBytes = (sized as { SizeRw?: number } | null)?.SizeRw ?? 0;
  return { memoryBytes: rows === null ? null : rows.reduce((sum, row) => sum + Number(row[1]) * 1024, 0), layerBytes };
}
