import { randomBytes } from 'node:crypto';
import type { Manifest } from '../evidence/manifest.ts';
import { createRun, type RunFolder, writeManifest } from '../evidence/run-folder.ts';
import { traceparentOf } from '../export/live-telemetry.ts';
import { isDirect } from '../hosts/check.ts';
import { measureClock } from '../hosts/clock-offset.ts';
import type { Host } from '../hosts/host.ts';
import { rootSpanId } from '../trace/aligned-span.ts';
import { nowNs } from '../trace/time.ts';
import { recordOf } from './choice/prediction.ts';
import { type Closing, closeManifest, keep } from './closing.ts';
import { collectBoth, withEvidence } from './collect-both.ts';
import { tryChannel } from './direct/knock.ts';
import { stageFolder } from './direct/stage.ts';
import { messageOf, runSteps } from './engine.ts';
import { lockHost } from './host-lock.ts';
import { openJournal } from './journal.ts';
import { keepPlan } from './kept-plan.ts';
import { isLive } from './live-copy.ts';
import type { Plan } from './plan.ts';
import { openRecorders } from './recorders.ts';
import { recordCalls } from './recording.ts';
import { type Move, nothingFound, type Report } from './step.ts';
import { refuseChanged } from './still-as-planned.ts';
import { openBothUprobes } from './uprobes.ts';
import type { WatchKind } from './watch.ts';
import { openRoute, routeWarning } from './whole/route.ts';

export interface MigrateRequest {
  readonly plan: Plan;
  readonly source: Host;
  readonly destination: Host;
  readonly report: Report;
  /** Interrupt: rolls back until the commit, changes nothing afterwards. */
  readonly signal: AbortSignal;
  readonly runName: string | undefined;
  readonly isProbed: boolean;
  /** What the hosts note meanwhile of who calls whom. */
  readonly watched: readonly WatchKind[];
  /** On test hosts alone: probes in Docker's programs, which tell of their calls then. */
  readonly isUprobed?: boolean;
  /** Transship's own version, for the manifest. */
  readonly version: string;
}

/**
 * Moves the container and leaves a run. A failure is a result, told by the manifest's `outcome` and `error`:
 * it throws only when nothing was touched.
 */
export async function migrate(request: MigrateRequest): Promise<{ readonly folder: RunFolder; readonly manifest: Manifest }> {
  const { source, destination } = request;
  const opening = await openManifest(request); // may fail: then there is no run yet
  await using _source = await lockHost(source); // given back after the observers have gone: it is no part of the run
  await using _destination = await lockHost(destination);
  await refuseChanged(request.plan, source);
  const folder = createRun(request.runName);
  const manifest: Manifest = { ...opening, run: folder.run };
  writeManifest(folder, manifest);
  const unkept: string[] = [];
  for (const host of [source, destination]) recordCalls(folder, host, { traceId: manifest.traceId, unkept });
  try {
    const ended = await moveByRoute(manifest, folder, request); // the route is closed: the run's end comes after its last command
    const closed = await closeManifest(manifest, ended);
    return { folder, manifest: keep(folder, { ...closed, warnings: [...closed.warnings, ...unkept] }) };
  } catch (error) {
    // steps do not throw: this was before the first of them
    const words = { step: null, code: 'not-ready', message: messageOf(error), hint: 'nothing was touched' };
    keep(folder, { ...manifest, endedNs: String(nowNs()), outcome: 'refused', error: words });
    throw error;
  } finally {
    for (const host of [source, destination]) host.observe(null);
  }
}

async function moveByRoute(manifest: Manifest, folder: RunFolder, request: MigrateRequest): Promise<Closing> {
  const { plan, source, destination, signal, report } = request;
  await using route = await openRoute({ source, destination, signal });
  const tried = await tryChannel(route, plan.options);
  const far = routeWarning(route);
  const probed = request.isUprobed ? { containerId: plan.container.id, found: new Map() } : null;
  await using uprobes = await openBothUprobes(source, destination, probed);
  const found = { ...nothingFound([...plan.warnings, ...(far === null ? [] : [far])]), triedPort: tried?.port ?? null };
  const journal = openJournal(folder);
  const note: Move['note'] = (step, host, detail) => journal.write({ step, host: host?.name ?? null, event: 'note', detail });
  const move: Move = { plan, source, destination, route, folder, signal, found, report, note };
  const watch = {
    traceparent: `00-${manifest.traceId}-${rootSpanId(manifest.traceId)}-01`,
    containerId: plan.container.id,
    kinds: request.watched,
  };
  const stage = isDirect(plan.options) ? stageFolder(plan.checkpoint) : null;
  await using recorders = await openRecorders({ ...request, folder, stage, watch });
  const { marks, watches, native, observation } = recorders;
  keepPlan(move, marks);
  found.warnings.push(...watches.source.missing, ...watches.destination.missing);
  const collectAll = async () => {
    // the daemons' last spans come while the rest is fetched
    const [unsent] = await Promise.all([native.settle(), collectBoth(move, marks, { ...watches, uprobes })]);
    found.warnings.push(...unsent);
  };
  const result = await runSteps(
    plan.steps.map((step) => withEvidence(step, collectAll)),
    move,
    { journal, afterUndo: collectAll, isSourceLive: () => isLive(source, plan.container.id) },
  );
  const there = result.outcome === 'migrated' ? move.found.destinationId : null;
  const probes = await observation.close(there, manifest.clocks).catch((error) => {
    move.found.warnings.push(`the probes' readings are lost: ${messageOf(error)}`);
    return [];
  });
  return { result, move, probes };
}

async function openManifest({ plan, source, destination, version }: MigrateRequest): Promise<Omit<Manifest, 'run'>> {
  const [from, to] = await Promise.all([source.facts(), destination.facts()]);
  return {
    schema: 'transship.run/1',
    kind: 'migration',
    // a caller's trace (TRACEPARENT) is joined: its id, W3C Trace Context §3.2.2.3
    traceId: traceparentOf()?.slice(3, 35) ?? randomBytes(16).toString('hex'),
    transship: version,
    createdNs: String(nowNs()),
    endedNs: null,
    strategy: plan.options.isPlain ? 'docker --plain' : plan.options.strategy,
    container: { name: plan.container.name, image: plan.inspect.Config.Image, sourceId: plan.container.id, destinationId: null },
    hosts: { source: from, destination: to },
    clocks: [await measureClock(source, 'before'), await measureClock(destination, 'before')],
    outcome: null,
    error: null,
    warnings: [],
    probes: [],
    bytes: { images: null, pages: null, layer: null, volumes: null },
    predicted: plan.survey.candidates.map(({ prediction }) => recordOf(prediction)),
    chosenWhy: plan.survey.isAuto ? (plan.survey.choice?.why ?? null) : null,
    downtimeLimitUs: plan.options.downtimeLimitMs === undefined ? null : plan.options.downtimeLimitMs * 1e3,
  };
}
