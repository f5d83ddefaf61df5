import type { Attributes, AttributeValue, LayerSpan, LayerSpans, Service, SpanEvent } from '../../trace/layer-spans.ts';
import { toldCause } from '../../trace/leaf-causes.ts';
import { type Ns, usToNs } from '../../trace/time.ts';
import type { CriuEvidence, CriuLog } from './evidence.ts';
import { failureOf, outcomeOf } from './failure.ts';
import { leafTells } from './leaf-tells.ts';
import { type TreeOptions, treeOf } from './log-tree.ts';
import { meetingsOf } from './meetings.ts';
import { notifications } from './notifications.ts';
import type { LogKind } from './phase.ts';
import type { PhaseNode } from './phase-tree.ts';
import { type Relation, relationsOf } from './relations.ts';

const services: Readonly<Record<LogKind, Service>> = {
  dump: 'criu',
  'pre-dump': 'criu',
  restore: 'criu',
  'page-server': 'criu-page-server',
  'lazy-pages': 'criu-lazy-pages',
};

export function serviceOf(kind: LogKind): Service {
  return services[kind];
}

const maxEvents = 20;
/** Every task starts and stops one shared timer (stats.c says so itself): a noise, not a length. */
const noise = new Set(['forking_time']);

export interface SpanOptions extends TreeOptions {
  /** CRIU is known to be run by runc: while it tells runc how far it is, it waits for what runc does then. */
  readonly isOfRunc?: boolean;
}

/** The spans of every log that has times; pure. One `LayerSpans` a log, since each has a zero of its own. */
export function spansOf(evidence: CriuEvidence, options: SpanOptions = {}): readonly LayerSpans[] {
  const relations = relationsOf(evidence.logs, evidence.parents);
  return evidence.logs.flatMap((log) => {
    const tree = options.isDetailed ? treeOf(log.digest, options) : log.tree();
    const { kind } = log.digest;
    if (tree === null || kind === null) return [];
    const role = kind === 'dump' || kind === 'pre-dump' ? 'source' : 'destination';
    const anchor = { means: log.anchor.means, boundNs: log.anchor.boundNs };
    return [
      {
        service: serviceOf(kind),
        host: evidence.host,
        role,
        spans: related(flatten(log, tree, options), relations.get(log)),
        anchor,
        meetings: meetingsOf(log),
      } as const,
    ];
  });
}

/** What the log has to do with others stands on its root. */
function related([root, ...below]: readonly LayerSpan[], relation: Relation | undefined): readonly LayerSpan[] {
  if (root === undefined) return [];
  const { iteration = null, parent = null, dump = null } = relation ?? {};
  const attributes = {
    ...(iteration === null ? {} : { 'migration.iteration': iteration }),
    ...(parent === null ? {} : { 'criu.parent_log': parent.digest.file }),
    ...(dump === null ? {} : { 'criu.dump_log': dump.digest.file }),
  };
  return [{ ...root, attributes: { ...root.attributes, ...attributes } }, ...below];
}

function flatten(log: CriuLog, tree: PhaseNode, { isOfRunc = false }: SpanOptions): readonly LayerSpan[] {
  const spans: LayerSpan[] = [];
  const tells = leafTells(log);
  const waiting: { node: PhaseNode; parentKey: string | undefined }[] = [{ node: tree, parentKey: undefined }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { node, parentKey } = next;
    const key = `${log.name}:${node.line}:${node.phase.name}${node.lane === null ? '' : `:${node.lane}`}`;
    const span = toSpan({ log, node, key, parentKey });
    const hook = isOfRunc ? notified(node) : undefined;
    if (hook === undefined) spans.push({ ...span, attributes: { ...span.attributes, ...tells(node) } });
    else spans.push(notificationSpan(span, parentKey, hook));
    waiting.unshift(...node.children.map((child) => ({ node: child, parentKey: key })));
  }
  return spans;
}

type Notification = (typeof notifications)[number];

function notificationSpan(span: LayerSpan, parentKey: string | undefined, { hook, meaning }: Notification): LayerSpan {
  const attributes = { ...span.attributes, ...toldCause(meaning) };
  return { ...span, parentKey, name: `runc.notify.${hook}`, service: 'runc', attributes };
}

/** What CRIU tells runc in a phase, and waits for: that is runc's doing. */
function notified({ phase, groups }: PhaseNode): Notification | undefined {
  return /^criu\.(?:dump|restore)\.hook$/.test(phase.name) ? notifications.find(({ hook }) => hook === groups.hook) : undefined;
}

function toSpan({
  log,
  node,
  key,
  parentKey,
}: {
  log: CriuLog;
  node: PhaseNode;
  key: string;
  parentKey: string | undefined;
}): LayerSpan {
  const isRoot = parentKey === undefined;
  const at = (us: number): Ns => log.anchor.zeroNs + usToNs(us);
  return {
    ...{ key, parentKey, name: node.phase.name, startNs: at(node.startUs), endNs: at(node.endUs), evidence: 'until-next' },
    attributes: { ...phaseAttributes(log, node), ...(isRoot ? rootAttributes(log) : {}) },
    events: isRoot ? problemEvents(log, at) : [],
    ...(node.error === undefined ? {} : { error: node.error }),
    ...(node.phase.isWait ? { isWait: true } : {}),
  };
}

function phaseAttributes({ digest }: CriuLog, node: PhaseNode): Attributes {
  const { pid, vpid, comm, hook } = node.groups;
  const isTask = /\.task$/.test(node.phase.name);
  return {
    'code.function.name': node.phase.code,
    'log.file.path': digest.file,
    'criu.log.line': node.line,
    ...(pid !== undefined && isTask ? { 'process.pid': Number(pid) } : {}),
    ...(vpid !== undefined ? { 'process.vpid': Number(vpid) } : {}),
    ...(comm !== undefined && isTask ? { 'criu.task.comm': comm } : {}),
    ...(hook !== undefined ? { 'criu.hook': hook } : {}),
    ...Object.fromEntries(Object.entries(node.omittedUs ?? {}).map(([name, us]) => [`${name}_us`, us])),
  };
}

function rootAttributes({ digest, statistics }: CriuLog): Attributes {
  const failure = failureOf(digest);
  const known: Record<string, AttributeValue | null> = {
    'criu.version': digest.version,
    'criu.system': digest.system,
    'criu.run_id': digest.runId,
    'criu.dump_run_id': digest.dumpRunId,
    'criu.log.lines': digest.lines,
    'criu.outcome': outcomeOf(digest),
    'criu.failure.message': failure?.message ?? null,
    'criu.failure.line': failure?.line ?? null,
    'criu.failure.cause': failure?.cause ?? null,
    'criu.failure.hint': failure?.hint ?? null,
    ...(digest.kind === 'lazy-pages' ? fetchAttributes(digest.fetches) : {}),
  };
  for (const [name, value] of Object.entries(statistics?.values ?? {})) if (!noise.has(name)) known[`criu.stats.${name}`] = value;
  return Object.fromEntries(Object.entries(known).filter((entry): entry is [string, AttributeValue] => entry[1] !== null));
}

function fetchAttributes({ faults, batches, bytes }: CriuLog['digest']['fetches']): Attributes {
  return { 'criu.lazy_pages.faults': faults, 'criu.lazy_pages.batches': batches, 'criu.lazy_pages.bytes': bytes };
}

function problemEvents({ digest }: CriuLog, at: (us: number) => Ns): readonly SpanEvent[] {
  return digest.problems.slice(0, maxEvents).map(({ us, line, level, text }) => ({
    name: `criu.${level ?? 'message'}`,
    timeNs: at(us ?? digest.endUs),
    attributes: { 'log.file.path': digest.file, 'criu.log.line': line, message: text },
  }));
}
