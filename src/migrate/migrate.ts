import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { appendRecord } from '../evidence/json-lines.ts';
import type { Manifest, ProbeReading } from '../evidence/manifest.ts';
import { createRun, hostEvidence, type RunFolder, writeManifest } from '../evidence/run-folder.ts';
import { traceparentOf } from '../export/live-telemetry.ts';
import { isDirect } from '../hosts/check.ts';
import { measureClock } from '../hosts/clock-offset.ts';
import type { Host } from '../hosts/host.ts';
import { nowNs } from '../trace/time.ts';
import { recordOf } from './choice/prediction.ts';
import { collectBoth } from './collect-both.ts';
import { stageFolder } from './direct/stage.ts';
import { type EngineResult, messageOf, runSteps } from './engine.ts';
import { openJournal } from './journal.ts';
import { lookFor } from './last-seen.ts';
import { isLive } from './live-copy.ts';
import { mark } from './mark.ts';
import { openObservation } from './observation.ts';
import type { Plan } from './plan.ts';
import { remainsOf } from './remains.ts';
import type { Found, Move, Report, Step } from './step.ts';
import { openRoute, type Route, routeWarning } from './whole/route.ts';
import { lockWorkFolder } from './work-folder.ts';

export interface MigrateRequest {
  readonly plan: Plan;
  readonly source: Host;
  readonly destination: Host;
  readonly report: Report;
  /** Interrupt: rolls back until the commit, changes nothing afterwards. */
  readonly signal: AbortSignal;
  readonly runName: string | undefined;
  readonly isProbed: boolean;
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
  await using _source = await lockWorkFolder(source); // given back after the observers have gone: it is no part of the run
  await using _destination = await lockWorkFolder(destination);
  const folder = createRun(request.runName);
  const manifest: Manifest = { ...opening, run: folder.run };
  writeManifest(folder, manifest);
  const unkept: string[] = [];
  for (const host of [source, destination]) record(folder, host, unkept);
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

/** The container is where it is, whether or not its run can say so. */
function keep(folder: RunFolder, manifest: Manifest): Manifest {
  try {
    writeManifest(folder, manifest);
    return manifest;
  } catch (error) {
    return { ...manifest, warnings: [...manifest.warnings, `the run's end is not kept: ${messageOf(error)}`] };
  }
}

function nothingYet(plan: Plan, route: Route): Found {
  const far = routeWarning(route);
  const warnings = [...plan.warnings, ...(far === null ? [] : [far])];
  return {
    destinationId: null,
    askedSince: null,
    imagesBytes: null,
    pagesBytes: null,
    layerBytes: 0,
    volumeBytes: null,
    layer: null,
    log: null,
    volumes: null,
    direct: null,
    frozenAtMs: null,
    thawedAtMs: null,
    givenUp: null,
    warnings,
  };
}

async function moveByRoute(manifest: Manifest, folder: RunFolder, request: MigrateRequest): Promise<Closing> {
  const { plan, source, destination, signal, report } = request;
  await using route = await openRoute({ source, destination });
  const journal = openJournal(folder);
  const note: Move['note'] = (step, host, detail) => journal.write({ step, host: host?.name ?? null, event: 'note', detail });
  const move: Move = { plan, source, destination, route, folder, signal, found: nothingYet(plan, route), report, note };
  const own = isDirect(plan.options) ? stageFolder(plan.checkpoint) : null;
  const marks = { source: await mark(source, own), destination: await mark(destination, own) };
  const observation = await openObservation({ ...request, folder });
  const collectAll = () => collectBoth(move, marks);
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
  return { request, result, move, probes };
}

/** The step `collect-evidence` stands in the strategy's list; what it does is the same for every strategy. */
function withEvidence(step: Step, collectAll: () => Promise<void>): Step {
  if (step.name !== 'collect-evidence') return step;
  return {
    ...step,
    do: async () => {
      await collectAll();
      return undefined;
    },
  };
}

/** Told in the midst of a move, which a disk that has become full must not end: the first record that is lost is a warning. */
function record(folder: RunFolder, host: Host, unkept: string[]): void {
  const append = (file: string, entry: object) => {
    try {
      appendRecord(join(hostEvidence(folder, host.name), file), entry);
    } catch (error) {
      if (unkept.length === 0) unkept.push(`the evidence is not whole: ${messageOf(error)}`);
    }
  };
  host.observe({
    onApiCall: (call) => append('api.jsonl', call),
    onCommand: (command) => append('commands.jsonl', command),
  });
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

interface Closing {
  readonly request: MigrateRequest;
  readonly result: EngineResult;
  readonly move: Move;
  readonly probes: readonly ProbeReading[];
}

async function closeManifest(manifest: Manifest, { request, result, move, probes }: Closing): Promise<Manifest> {
  const { found } = move;
  const after = await Promise.allSettled([measureClock(request.source, 'after'), measureClock(request.destination, 'after')]);
  const lost = after.filter((reading) => reading.status === 'rejected').map((reading) => `clock: ${messageOf(reading.reason)}`);
  const error =
    result.outcome === 'migrated'
      ? null
      : { step: result.failedStep, code: result.error.code, message: result.error.message, hint: result.error.hint };
  return {
    ...manifest,
    endedNs: String(nowNs()),
    container: manifest.container && {
      ...manifest.container,
      destinationId: result.outcome === 'rolled-back' ? null : found.destinationId,
    },
    clocks: [...manifest.clocks, ...after.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []))],
    outcome: result.outcome,
    error,
    warnings: [...found.warnings, ...result.warnings, ...lost],
    remains: [...remainsOf(move, result)],
    ...(result.outcome === 'lost' ? { lastSeen: await lookAgain(move) } : {}),
    probes: [...probes],
    bytes: { images: found.imagesBytes, pages: found.pagesBytes, layer: found.layerBytes, volumes: found.volumeBytes },
  };
}

async function lookAgain({ plan, source, destination, found }: Move): Promise<NonNullable<Manifest['lastSeen']>> {
  const { destinationId: there } = found;
  return {
    source: await lookFor(source, plan.container.id, plan.checkpoint),
    destination: there === null ? null : await lookFor(destination, there, plan.checkpoint),
  };
}
