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
import { isLive } from './live-copy.ts';
import { mark } from './mark.ts';
import { openObservation } from './observation.ts';
import type { Plan } from './plan.ts';
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
  for (const host of [source, destination]) record(folder, host);
  try {
    const ended = await moveByRoute(manifest, folder, request); // the route is closed: the run's end comes after its last command
    const closed = await closeManifest(manifest, ended);
    writeManifest(folder, closed);
    return { folder, manifest: closed };
  } catch (error) {
    // steps do not throw: this was before the first of them
    const words = { step: null, code: 'not-ready', message: messageOf(error), hint: 'nothing was touched' };
    writeManifest(folder, { ...manifest, endedNs: String(nowNs()), outcome: 'refused', error: words });
    throw error;
  } finally {
    for (const host of [source, destination]) host.observe(null);
  }
}

function nothingYet(plan: Plan, route: Route): Found {
  const far = routeWarning(route);
  const warnings = [...plan.warnings, ...(far === null ? [] : [far])];
  return {
    destinationId: null,
    imagesBytes: null,
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
  const move: Move = { plan, source, destination, route, folder, signal, found: nothingYet(plan, route), report };
  const own = isDirect(plan.options) ? stageFolder(plan.checkpoint) : null;
  const marks = { source: await mark(source, own), destination: await mark(destination, own) };
  const observation = await openObservation({ ...request, folder });
  const collectAll = () => collectBoth(move, marks);
  const result = await runSteps(
    plan.steps.map((step) => withEvidence(step, collectAll)),
    move,
    { journal: openJournal(folder), afterUndo: collectAll, isSourceLive: () => isLive(source, plan.container.id) },
  );
  const probes = await observation.close(result.outcome === 'migrated' ? move.found.destinationId : null, manifest.clocks);
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

function record(folder: RunFolder, host: Host): void {
  const target = hostEvidence(folder, host.name);
  host.observe({
    onApiCall: (call) => appendRecord(join(target, 'api.jsonl'), call),
    onCommand: (command) => appendRecord(join(target, 'commands.jsonl'), command),
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
      destinationId: result.outcome === 'migrated' || result.outcome === 'halves-kept' ? found.destinationId : null,
    },
    clocks: [...manifest.clocks, ...after.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []))],
    outcome: result.outcome,
    error,
    warnings: [...found.warnings, ...result.warnings, ...lost],
    probes: [...probes],
    bytes: { images: found.imagesBytes, pages: null, layer: found.layerBytes, volumes: found.volumeBytes },
  };
}
