import { execAttribute } from '../../trace/criu-edges.ts';
import type { Attributes, AttributeValue, LayerSpan, LayerSpans, Service } from '../../trace/layer-spans.ts';
import { causedBy } from '../../trace/leaf-causes.ts';
import { type Ns, nsToUs } from '../../trace/time.ts';
import type { Call, ProcessEvidence } from './evidence.ts';
import {
  criuCalls,
  isOurs,
  isWrapper,
  type ProcessName,
  programOf,
  runcCall,
  runcCommands,
  runcVersion,
  runcWork,
  serviceOfStarter,
  shells,
  shimProgram,
} from './names.ts';
import type { Process } from './process-table.ts';

interface Named {
  readonly name: ProcessName;
  readonly service: Service;
  readonly isWait: boolean;
  /** It names part of what somebody else did at that time. */
  readonly isDetail: boolean;
}

/** Programs that runc, the shim, CRIU and Docker started: each from the kernel's first sight of it to its last. */
export function spansOf(evidence: ProcessEvidence): LayerSpans[] {
  const { host, role, anchor } = evidence;
  const table = new Map(evidence.calls.map((call) => [call.process, call]));
  const named = new Map(evidence.calls.map((call) => [call.process, nameOf(call, { evidence, table })]));
  const spans = evidence.calls.flatMap((call) => {
    const name = named.get(call.process) ?? null;
    if (name === null || call.process.endNs === null) return [];
    return [
      spanOf(call, name, named),
      ...(/^runc\.(checkpoint|restore|pre-dump)$/.test(name.name) ? workSpans(call.process, evidence) : []),
    ];
  });
  if (spans.length === 0) return [];
  return [{ service: 'runc', host, role, spans, anchor }];
}

interface Context {
  readonly evidence: ProcessEvidence;
  readonly table: ReadonlyMap<Process, Call>;
}

function nameOf(call: Call, context: Context): Named | null {
  const { process } = call;
  const base = baseOf(process);
  if (base === 'runc') return { name: runcNameOf(call, context), service: 'runc', isWait: true, isDetail: false };
  if (base === shimProgram) return shimNameOf(call, context);
  const caller = process.parent === null ? null : baseOf(process.parent);
  if (base === 'criu' && caller === 'runc' && process.parent !== null) return criuNameOf(call, process.parent, context);
  const service = isOurPart(process, process.endNs) ? null : serviceOf(process);
  if (service === null || isOfContainer(process, context)) return null;
  return { name: `program ${programOf(pathOf(process))}`, service, isWait: shells.includes(base), isDetail: true };
}

/** Whose program it is: that of the nearest ancestor that is a layer. Our own commands are told by their own records. */
function serviceOf({ parent, starter, startNs }: Process): Service | null {
  if (parent === null) return serviceOfStarter(starter);
  if (isOurPart(parent, startNs)) return null;
  const base = baseOf(parent);
  if (base === 'runc') return 'runc';
  if (base === 'criu') return 'criu';
  if (base === shimProgram) return 'containerd-shim';
  return serviceOf(parent);
}

/** What `runc exec`, `create` and the like start is the container's own, but for Docker's hook. */
function isOfContainer(process: Process, context: Context): boolean {
  let up = process.parent;
  while (up !== null && baseOf(up) !== 'runc') up = up.parent;
  const owner = up === null ? undefined : context.table.get(up);
  if (owner === undefined || programOf(pathOf(process)) === 'libnetwork-setkey') return false;
  return !/^runc\.(checkpoint|pre-dump|restore)$/.test(runcNameOf(owner, context));
}

/** Then it ran a script of ours, whose marks tell what it did. */
function isOurPart({ execs }: Process, atNs: Ns | null): boolean {
  const then = execs.filter((one) => atNs === null || one.atNs <= atNs).map(({ path }) => path);
  const last = then.at(-1) ?? '';
  return isOurs(last) || (then.some(isOurs) && shells.includes(last.split('/').at(-1) ?? ''));
}

/** By the words it was called with; else by what it did: only a checkpoint and a restore call CRIU. */
function runcNameOf({ process, record }: Call, { evidence }: Context): ProcessName {
  if (record !== null) {
    if (record.argv.includes('--version') || record.argv.includes('-v')) return runcVersion;
    const command = runcCommands.find((known) => known === record.argv.find((word) => runcCommands.some((one) => one === word)));
    if (command === 'checkpoint' && record.argv.includes('--pre-dump')) return 'runc.pre-dump';
    return command === undefined ? runcCall : `runc.${command}`;
  }
  const withCriu = evidence.calls.filter((call) => baseOf(call.process) === 'runc' && criusOf(call.process, evidence).length > 0);
  if (!withCriu.some((call) => call.process === process)) return runcCall;
  if (evidence.role === 'destination') return 'runc.restore';
  return withCriu.at(-1)?.process === process ? 'runc.checkpoint' : 'runc.pre-dump';
}

function shimNameOf({ process, record }: Call, { evidence }: Context): Named | null {
  const isOfShim = process.parent !== null && baseOf(process.parent) === shimProgram;
  if (isOfShim) return null; // the one that stays
  const hasShim = evidence.calls.some((call) => call.process.parent === process && baseOf(call.process) === shimProgram);
  const isStart = record === null ? hasShim : record.argv.at(-1) === 'start';
  return { name: isStart ? 'shim.start' : 'shim.delete', service: 'containerd-shim', isWait: false, isDetail: false };
}

/** The first call asks the version, the last one does the work: nothing of the socket is read. */
function criuNameOf(call: Call, runc: Process, { evidence, table }: Context): Named {
  const all = criusOf(runc, evidence);
  const place = all.indexOf(call.process);
  const owner = table.get(runc);
  const command = owner === undefined ? runcCall : runcNameOf(owner, { evidence, table });
  const work =
    command === 'runc.restore' ? 'runc.criu.restore' : command === 'runc.pre-dump' ? 'runc.criu.pre-dump' : 'runc.criu.dump';
  const name = all.length > 1 && place === 0 ? 'runc.criu.version' : place === all.length - 1 ? work : 'runc.criu.features';
  const isWait = criuCalls.some((entry) => entry.name === name && entry.isWait);
  return { name, service: 'runc', isWait, isDetail: false };
}

function criusOf(runc: Process, { calls }: ProcessEvidence): readonly Process[] {
  return calls.map(({ process }) => process).filter((process) => process.parent === runc && baseOf(process) === 'criu');
}

function spanOf(
  { process, record }: Call,
  { name, service, isWait, isDetail }: Named,
  named: ReadonlyMap<Process, Named | null>,
): LayerSpan {
  const parent = process.parent;
  const isBelow = !isDetail && parent !== null && parent.endNs !== null && named.get(parent) != null;
  return {
    key: keyOf(process),
    parentKey: isBelow ? keyOf(parent) : undefined,
    name,
    service,
    startNs: process.startNs,
    endNs: process.endNs as Ns,
    evidence: 'bounded',
    attributes: {
      ...attributesOf(process, record),
      ...(isWait ? {} : causedBy('program')),
      ...(criuWork.test(name) ? { [execAttribute]: execUs(process) } : {}),
    },
    events: [],
    ...(isWait ? { isWait } : {}),
    ...(isDetail ? { isDetail } : {}),
    ...(record?.exitCode && mustSucceed.test(name) ? { error: `exit status ${record.exitCode}` } : {}),
  };
}

const criuWork = /^runc\.criu\.(dump|pre-dump|restore)$/;

/** Before it is CRIU, a script of ours may stand there and wait. */
function execUs({ startNs, execs }: Process): number {
  return Math.round(nsToUs((execs.at(-1)?.atNs ?? startNs) - startNs));
}

/** `runc resume` of a container that is gone, and the like, fail in a move that succeeds. */
const mustSucceed = /^runc\.(checkpoint|pre-dump|restore|create|start|pause)$/;

function attributesOf(process: Process, record: Call['record']): Attributes {
  const wrapper = process.execs.findIndex(({ path }) => isWrapper(path));
  const [from, to] = wrapper < 0 ? [] : process.execs.slice(wrapper, wrapper + 2);
  const known: Record<string, AttributeValue> = {
    'process.executable.path': pathOf(process),
    'process.pid': record?.pid ?? process.pid,
  };
  if (from !== undefined && to !== undefined) known['migration.wrapper_us'] = Math.round(nsToUs(to.atNs - from.atNs));
  if (record !== null) known['process.command_args'] = record.argv;
  if (record?.exitCode != null) known['process.exit.code'] = record.exitCode;
  return known;
}

/** What is left of a call of runc between the processes of CRIU that it waits for. */
function workSpans(runc: Process, evidence: ProcessEvidence): readonly LayerSpan[] {
  const spans: LayerSpan[] = [];
  let fromNs = runc.startNs;
  const add = (untilNs: Ns) => {
    if (untilNs <= fromNs) return;
    const part = { key: `${keyOf(runc)} work ${spans.length}`, startNs: fromNs, endNs: untilNs };
    const attributes = { 'code.function.name': runcWork.source };
    spans.push({
      ...part,
      parentKey: keyOf(runc),
      name: runcWork.name,
      service: 'runc',
      evidence: 'bounded',
      attributes,
      events: [],
    });
  };
  for (const criu of criusOf(runc, evidence)) {
    add(criu.startNs);
    fromNs = criu.endNs ?? (runc.endNs as Ns);
  }
  add(runc.endNs as Ns);
  return spans;
}

function keyOf({ pid, startNs }: Process): string {
  return `process ${pid} ${startNs}`;
}

function pathOf({ execs }: Process): string {
  return execs.at(-1)?.path ?? '';
}

/** By our scripts' names they stand before a program of the same name, and become it. */
function baseOf(process: Process): string {
  return pathOf(process).split('/').at(-1) ?? '';
}
