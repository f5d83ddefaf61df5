import { inferenceRules, inferredBy } from '../../trace/inference-rules.ts';
import type { AttributeValue, LayerSpan, LayerSpans, SpanEvent } from '../../trace/layer-spans.ts';
import { causedBy } from '../../trace/leaf-causes.ts';
import { type Ns, nsPerMs } from '../../trace/time.ts';
import type { DockerdEvidence } from './evidence.ts';
import type { DaemonLine } from './log-lines.ts';
import { type PartRule, type RequestRule, requestRules } from './rules.ts';

/** One request in the log: its lines up to the next request that we know. */
interface Request {
  readonly rule: RequestRule;
  readonly lines: readonly DaemonLine[];
}

interface Found {
  readonly service: 'dockerd' | 'containerd';
  readonly span: LayerSpan;
}

/** What can honestly be said from dockerd's log: the requests of the move, and the parts of them that two lines enclose. */
export function spansOf(evidence: DockerdEvidence): LayerSpans[] {
  const found = requestsIn(evidence).flatMap((request) => requestSpans(request, evidence));
  return (['dockerd', 'containerd'] as const).flatMap((service) => {
    const spans = found.filter((one) => one.service === service).map((one) => one.span);
    if (spans.length === 0) return [];
    const anchor = { means: "times in dockerd's log", boundNs: 0n };
    return [{ service, host: evidence.host, role: evidence.role, spans, anchor }];
  });
}

function requestsIn({ lines, containers }: DockerdEvidence): readonly Request[] {
  const starts = lines.flatMap((line, index) => {
    const rule = requestRules.find(({ begins }) => begins.test(line.text));
    const called = rule?.begins.exec(line.text)?.[1] ?? '';
    return rule === undefined || !isOneOf(containers, called) ? [] : { rule, index };
  });
  return starts.map(({ rule, index }, place) => ({ rule, lines: lines.slice(index, starts[place + 1]?.index) }));
}

/** By name, by id, or by an id cut short, of which Docker takes any length. */
function isOneOf(containers: readonly string[], called: string): boolean {
  return containers.some(
    (known) => known === called || (/^[0-9a-f]{64}$/.test(known) && called !== '' && known.startsWith(called)),
  );
}

function requestSpans({ rule, lines }: Request, evidence: DockerdEvidence): readonly Found[] {
  const [first] = lines;
  if (first === undefined) return [];
  const key = `${rule.name} ${first.line}`;
  const parts = [
    ...firstOfEach(rule.parts.flatMap((part) => partSpans(part, lines, { key, evidence }))),
    ...setKeySpans(lines, { key, evidence }),
  ];
  const end = lines.find((line) => rule.ends.test(line.text));
  const endNs = parts.reduce((most, { span }) => (span.endNs > most ? span.endNs : most), end?.timeNs ?? first.timeNs);
  if (endNs === first.timeNs) return []; // announced, and nothing more is known of it
  const span: LayerSpan = {
    key,
    parentKey: undefined,
    name: rule.name,
    startNs: first.timeNs,
    endNs,
    evidence: 'inferred',
    attributes: {
      ...{ 'log.file.path': evidence.logPath, 'migration.log.line': first.line ?? 0 },
      ...inferredBy('request, to its last line'),
    },
    events: eventsIn(evidence, first.timeNs, endNs),
    isWait: true,
  };
  return [{ service: 'dockerd', span }, ...parts];
}

interface Place {
  readonly key: string;
  readonly evidence: DockerdEvidence;
}

function partSpans(rule: PartRule, lines: readonly DaemonLine[], { key, evidence }: Place): readonly Found[] {
  const begin = lines.findIndex((line) => rule.begins.test(line.text));
  const end = begin < 0 ? undefined : lines.slice(begin + 1).find((line) => rule.ends.test(line.text));
  const first = lines[begin];
  if (first === undefined || end === undefined) return [];
  // a moment that is not sure is a border that counts for neither side
  const startNs = first.timeNs + (first.lateNs ?? 0n);
  if (end.timeNs <= startNs) return [];
  const attributes: Record<string, AttributeValue> = {
    'code.function.name': inferenceRules[rule.why].source,
    'log.file.path': evidence.logPath,
    ...inferredBy(rule.why),
  };
  if (first.line !== null) attributes['migration.log.line'] = first.line;
  if (rule.hasBytes && evidence.imagesBytes !== null) attributes['migration.bytes'] = evidence.imagesBytes;
  const span: LayerSpan = {
    key: `${rule.name} ${first.line ?? first.text}`,
    // containerd's spans are roots of their own layer: the trace hangs them under dockerd's
    parentKey: rule.service === 'containerd' ? undefined : rule.within === undefined ? key : `${rule.within} ${first.line}`,
    name: rule.name,
    startNs,
    endNs: end.timeNs,
    evidence: rule.evidence ?? 'inferred',
    attributes,
    events: [],
    isWait: rule.isSeveral === true,
  };
  return [{ service: rule.service, span }];
}

/** Of several rules for one thing the first that holds counts: they stand with the surest first. */
function firstOfEach(parts: readonly Found[]): readonly Found[] {
  return parts.filter(({ span }, index) => parts.findIndex((other) => other.span.name === span.name) === index);
}

export const setKey = { name: 'dockerd.start.set-key', code: 'libnetwork.(*Sandbox).SetKey' } as const;

/** The prestart hook (`libnetwork-setkey`) comes back to dockerd, which prints how long it took it (libnetwork, processSetKeyReexec). */
function setKeySpans(lines: readonly DaemonLine[], { key, evidence }: Place): readonly Found[] {
  return lines.flatMap((line): Found[] => {
    const ms = /^sandbox set key processing took (\d+(?:\.\d+)?)ms for container /.exec(line.text)?.[1];
    if (ms === undefined) return [];
    const span: LayerSpan = {
      key: `${setKey.name} ${line.line}`,
      parentKey: key,
      name: setKey.name,
      startNs: line.timeNs - BigInt(Math.round(Number(ms) * 1e6)),
      endNs: line.timeNs,
      evidence: 'bounded',
      attributes: {
        'code.function.name': setKey.code,
        'log.file.path': evidence.logPath,
        ...causedBy('dockerd.set-key'),
        ...(line.line === null ? {} : { 'migration.log.line': line.line }),
      },
      events: [],
    };
    return [{ service: 'dockerd', span }];
  });
}

/** Docker's own events that belong to the request; they are sent when it is all but over. */
function eventsIn({ events }: DockerdEvidence, startNs: Ns, endNs: Ns): readonly SpanEvent[] {
  return events.flatMap(({ type, action, timeNs }) => {
    const atNs = BigInt(timeNs);
    if (atNs < startNs || atNs > endNs + 100n * nsPerMs) return [];
    return { name: `docker.${type}.${action}`, timeNs: atNs, attributes: {} };
  });
}
