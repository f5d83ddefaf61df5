import type { JournalRecord, RunPhase } from '../../evidence/records.ts';
import type { StepName } from '../../evidence/steps.ts';
import { inferredBy } from '../../trace/inference-rules.ts';
import type { Attributes, AttributeValue, LayerSpan, SpanEvent } from '../../trace/layer-spans.ts';

/** A step as its journal records tell it: one try, or one undoing. */
export interface StepSpan {
  readonly span: LayerSpan;
  readonly step: string;
  readonly host: string | null;
  readonly phase: RunPhase | 'rollback';
}

/**
 * Steps in which Transship does one named thing itself. In the others (`checkpoint`, `start`, …) it waits for Docker,
 * and waiting explains nothing.
 */
const ownWork: ReadonlySet<string> = new Set<StepName>([
  'preflight',
  'transfer-image',
  'copy-layer',
  'copy-volumes',
  'copy-images',
  'copy-layer-changes',
  'copy-volume-changes',
  'rewrite-cgroup-ids',
  'check-images',
  'collect-evidence',
]);

export function isOwnWork(step: string): boolean {
  return ownWork.has(step);
}

/** Steps in which Transship looks on, by quick commands, until others have done their work: what it asks meanwhile explains nothing. */
const watching: ReadonlySet<string> = new Set<StepName>([
  'checkpoint',
  'dump',
  'hand-over',
  'start',
  'restore',
  'warm-destination',
  'residual',
]);

export function isWatching(step: string): boolean {
  return watching.has(step);
}

/**
 * Pairs each begin with its end. A begin without one (the controller was killed) lasts to the journal's last record, and
 * says so: its end is inferred.
 * @param roleOf the part that a host plays in the run
 */
export function stepSpans(
  journal: readonly JournalRecord[],
  roleOf: (host: string | null) => string | null,
): readonly StepSpan[] {
  const steps: StepSpan[] = [];
  const open = new Map<string, JournalRecord>();
  const notes: JournalRecord[] = [];
  for (const record of journal) {
    const isUndo = record.event.startsWith('undo-');
    const name = `${isUndo ? 'undo ' : ''}${record.step}`;
    if (record.event === 'begin' || record.event === 'undo-begin') open.set(name, record);
    else if (record.event === 'note') notes.push(record);
    else {
      const begin = open.get(name);
      open.delete(name);
      if (begin !== undefined) steps.push(stepSpan({ begin, end: record, notes, roleOf }));
    }
  }
  const last = journal.at(-1);
  if (last !== undefined)
    for (const begin of open.values()) steps.push(stepSpan({ begin, end: null, notes, roleOf, atNs: last.atNs }));
  return steps.sort((a, b) => (a.span.startNs < b.span.startNs ? -1 : a.span.startNs > b.span.startNs ? 1 : 0));
}

interface Pair {
  readonly begin: JournalRecord;
  readonly end: JournalRecord | null;
  /** What was noted so far, of this step and of earlier ones. */
  readonly notes: readonly JournalRecord[];
  readonly roleOf: (host: string | null) => string | null;
  readonly atNs?: string;
}

function stepSpan({ begin, end, notes, roleOf, atNs }: Pair): StepSpan {
  const phase = begin.event === 'undo-begin' ? 'rollback' : begin.phase;
  const error = errorOf(end);
  return {
    step: begin.step,
    host: begin.host,
    phase,
    span: {
      key: `step ${begin.seq}`,
      parentKey: `phase ${phase}`,
      name: `migration.${phase}.${begin.step}`,
      startNs: BigInt(begin.atNs),
      endNs: BigInt(end?.atNs ?? atNs ?? begin.atNs),
      evidence: end === null ? 'inferred' : 'bounded',
      attributes: {
        ...stepAttributes(begin, end, roleOf(begin.host)),
        ...(end === null ? inferredBy('step, no end') : {}),
      },
      events: notes.filter((note) => note.step === begin.step && note.seq > begin.seq).map(noteEvent),
      isWait: !ownWork.has(begin.step),
      ...(error === null ? {} : { error }),
    },
  };
}

function errorOf(end: JournalRecord | null): string | null {
  if (end === null) return 'the journal has no end of it: the controller ended before the step did';
  if (!end.event.endsWith('failed')) return null;
  const message = end.detail.message ?? end.detail.error;
  return message === undefined || message === null ? 'failed' : String(message);
}

function stepAttributes(begin: JournalRecord, end: JournalRecord | null, role: string | null): Attributes {
  const attributes: Record<string, AttributeValue> = { 'migration.step': begin.step };
  if (begin.host !== null) attributes['migration.host'] = begin.host;
  if (role !== null) attributes['migration.role'] = role;
  return { ...attributes, ...detailAttributes({ ...begin.detail, ...end?.detail }) };
}

function noteEvent({ step, atNs, detail }: JournalRecord): SpanEvent {
  return { name: `migration.${step}.note`, timeNs: BigInt(atNs), attributes: detailAttributes(detail) };
}

/** A round's number has the name that it has everywhere. */
function detailAttributes(detail: JournalRecord['detail']): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(detail)) {
    if (value === null) continue;
    if (name === 'iteration') attributes['migration.iteration'] = value;
    else attributes[`migration.detail.${name}`] = value;
  }
  return attributes;
}
