import type { ContainerInspectInfo } from 'dockerode';
import { type Allowed, type CheckResult, type DockerInfo, type HostSubject, runChecks } from './check.ts';
import { containerChecks, placeChecks } from './container-checks.ts';
import type { Host } from './host.ts';
import { hostChecks } from './host-checks.ts';
import { type Brought, type Need, needsOf, sizeOf } from './need.ts';
import { pairChecks } from './pair-checks.ts';

export type { Allowed, CheckResult } from './check.ts';

export interface PreflightRequest {
  readonly source: Host;
  /** Without it, one host is looked at alone. */
  readonly destination?: Host;
  /** `docker inspect` of the container on the source; without it, only the hosts are looked at. */
  readonly container?: ContainerInspectInfo;
  readonly allowed?: Allowed;
  /** What the move sends along; without it, memory and writable layer by Docker's own path. */
  readonly brought?: Brought;
}

/** Runs every check that applies and touches nothing. Never throws for what a host lacks: that is a `fail` in the list. */
export async function preflight({
  source,
  destination,
  container,
  allowed = {},
  brought = { imageBytes: 0, volumes: [], isThroughDocker: true },
}: PreflightRequest): Promise<readonly CheckResult[]> {
  const needs = container === undefined ? null : needsOf(await sizeOf(source, container), brought);
  const from = await subjectOf(source, needs?.source ?? null, allowed);
  const to = destination === undefined ? null : await subjectOf(destination, needs?.destination ?? null, allowed);
  const results = [await runChecks(hostChecks, from, source.name)];
  if (to !== null) {
    results.push(await runChecks(hostChecks, to, to.host.name));
    const both = await runChecks(pairChecks, { source: from, destination: to, allowed }, source.name);
    results.push(both.map((check) => ({ ...check, peer: to.host.name })));
  }
  if (container !== undefined && from.info !== null) {
    const subject = { inspect: container, source: from, destination: to, allowed };
    results.push(await runChecks(containerChecks, subject, source.name));
    if (to !== null && to.info !== null) results.push(await runChecks(placeChecks, subject, to.host.name));
  }
  return results.flat();
}

/** A host as its checks see it. */
export async function subjectOf(host: Host, need: Need | null, allowed: Allowed): Promise<HostSubject> {
  const [facts, info] = await Promise.all([host.facts(), host.docker.info().catch(() => null)]);
  return { host, facts, info: info as DockerInfo | null, need, allowed };
}
