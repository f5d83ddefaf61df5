import type { Manifest } from '../../evidence/manifest.ts';
import type { RunPhase } from '../../evidence/records.ts';
import { runPhases } from '../../evidence/records.ts';
import { controllerHost, rootKey } from '../../trace/aligned-span.ts';
import { inferredBy } from '../../trace/inference-rules.ts';
import type { AttributeValue, LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
import type { Ns } from '../../trace/time.ts';
import { apiSpan, commandSpan } from './calls.ts';
import type { TransshipEvidence } from './evidence.ts';
import { probeSpans } from './probes.ts';
import { isWatching, type StepSpan, stepSpans } from './steps.ts';

/** The run as Transship lived it: `migration`, its phases, their steps, and the calls that each step made. */
export function spansOf(evidence: TransshipEvidence): LayerSpans[] {
  const { manifest, journal } = evidence;
  if (manifest.kind !== 'migration') return [];
  const roleOf = (host: string | null) => roleIn(manifest, host);
  const steps = stepSpans(journal, roleOf);
  const calls = withStepBytes(callSpans(evidence, steps), steps);
  const below = [...phaseSpans(steps), ...steps.map((step) => step.span), ...calls, ...probeSpans(manifest)];
  const spans = [rootSpan(manifest, below), ...below];
  return [{ service: 'transship', host: controllerHost, role: 'controller', spans, anchor: { means: 'own clock', boundNs: 0n } }];
}

export function roleIn(manifest: Manifest, host: string | null): 'source' | 'destination' | null {
  if (host === null) return null;
  if (host === manifest.hosts.source?.name) return 'source';
  return host === manifest.hosts.destination?.name ? 'destination' : null;
}

function rootSpan(manifest: Manifest, below: readonly LayerSpan[]): LayerSpan {
  const created = BigInt(manifest.createdNs);
  const ended = manifest.endedNs === null ? created : BigInt(manifest.endedNs);
  const lastNs = below.reduce((last, span) => (span.endNs > last ? span.endNs : last), ended);
  const attributes: Record<string, AttributeValue> = { 'migration.id': manifest.run };
  if (manifest.strategy !== null) attributes['migration.strategy'] = manifest.strategy;
  if (manifest.outcome !== null) attributes['migration.outcome'] = manifest.outcome;
  if (manifest.container !== null) attributes['container.name'] = manifest.container.name;
  if (manifest.container?.sourceId) attributes['container.id'] = manifest.container.sourceId;
  if (manifest.endedNs === null) Object.assign(attributes, inferredBy('migration, no end'));
  return {
    key: rootKey,
    parentKey: undefined,
    name: 'migration',
    startNs: created,
    // A run that was killed has no end written down: it lasted at least as long as what it did.
    endNs: manifest.endedNs === null ? lastNs : ended,
    evidence: manifest.endedNs === null ? 'inferred' : 'bounded',
    attributes,
    events: [],
    ...(manifest.error === null ? {} : { error: manifest.error.message }),
  };
}

/** A phase lasts from the first begin to the last end of its steps; undone steps make the phase `rollback`. */
function phaseSpans(steps: readonly StepSpan[]): readonly LayerSpan[] {
  const phases: readonly (RunPhase | 'rollback')[] = [...runPhases, 'rollback'];
  return phases.flatMap((phase) => {
    const own = steps.filter((step) => step.phase === phase).map((step) => step.span);
    const [first] = own;
    if (first === undefined) return [];
    const failed = own.find((span) => span.error !== undefined);
    return {
      key: `phase ${phase}`,
      parentKey: 'migration',
      name: `migration.${phase}`,
      startNs: own.reduce((least, span) => (span.startNs < least ? span.startNs : least), first.startNs),
      endNs: own.reduce((most, span) => (span.endNs > most ? span.endNs : most), first.endNs),
      evidence: 'bounded' as const,
      attributes: {},
      events: [],
      ...(failed?.error === undefined ? {} : { error: failed.error }),
    };
  });
}

function callSpans({ manifest, hosts }: TransshipEvidence, steps: readonly StepSpan[]): readonly LayerSpan[] {
  return hosts.flatMap(({ host, api, commands }) => {
    const role = roleIn(manifest, host);
    const parentKey = (startNs: string, endNs: string) => stepAround(steps, host, [BigInt(startNs), BigInt(endNs)]);
    return [
      ...api.map((record, index) => {
        const step = parentKey(record.startNs, record.endNs);
        return apiSpan(record, { key: `api ${host} ${index}`, parentKey: step?.span.key ?? 'migration', host, role });
      }),
      ...commands.map((record, index) => {
        const step = parentKey(record.startNs, record.endNs);
        const isWait = step === null ? crosses(steps, record) : isWatching(step.step);
        return commandSpan(record, {
          key: `command ${host} ${index}`,
          parentKey: step?.span.key ?? 'migration',
          host,
          role,
          isWait,
        });
      }),
    ];
  });
}

/** What a step moved went through its one command, where it has no more than that. */
function withStepBytes(calls: readonly LayerSpan[], steps: readonly StepSpan[]): readonly LayerSpan[] {
  return calls.map((call) => {
    const bytes = steps.find(({ span }) => span.key === call.parentKey)?.span.attributes['migration.detail.bytes'];
    const isOnly = calls.every((other) => other === call || other.parentKey !== call.parentKey);
    if (call.isWait || !isOnly || typeof bytes !== 'number' || bytes === 0) return call;
    return { ...call, attributes: { ...call.attributes, 'migration.bytes': bytes } };
  });
}

/** The shortest step that holds the whole call; a step of the other host does not make calls here, unless no other fits. */
function stepAround(steps: readonly StepSpan[], host: string, [startNs, endNs]: readonly [Ns, Ns]): StepSpan | null {
  const around = steps.filter(({ span }) => span.startNs <= startNs && endNs <= span.endNs);
  const own = around.filter((step) => step.host === host || step.host === null);
  const [first, ...others] = own.length > 0 ? own : around;
  if (first === undefined) return null;
  return others.reduce((least, step) => (lengthOf(step) < lengthOf(least) ? step : least), first);
}

/** A program that outlives the step that started it: it works while others do, and is no one thing. */
function crosses(steps: readonly StepSpan[], { startNs, endNs }: { readonly startNs: string; readonly endNs: string }): boolean {
  return steps.some(({ span }) => span.startNs < BigInt(endNs) && BigInt(startNs) < span.endNs);
}

function lengthOf({ span }: StepSpan): Ns {
  return span.endNs - span.startNs;
}
