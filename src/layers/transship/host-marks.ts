import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
import { causedBy, type LeafCauseName } from '../../trace/leaf-causes.ts';
import type { Ns } from '../../trace/time.ts';

/** A moment that a script of a move noted on its host, by that host's clock. */
interface HostMark {
  readonly name: string;
  readonly atNs: Ns;
  readonly words: string;
}

export interface Part {
  readonly service: 'transship' | 'runc';
  readonly name: string;
  readonly begins: string;
  readonly ends: string;
  /** A mark with which it is something else. */
  readonly unless?: string;
  /** It holds what others do, and is waited for. */
  readonly isWait?: true;
  /** There may be several, one after another: the number of each is the first word of its begin. */
  readonly isRound?: true;
  /** What its time goes to. */
  readonly cause?: LeafCauseName;
  /** It handles all images that are listed on the host: their bytes stand on the span. */
  readonly hasBytes?: true;
}

/** What happens between two marks of one script (src/wrap/host): both its ends were seen. */
export const hostParts: readonly Part[] = [
  { service: 'runc', name: 'runc.checkpoint', begins: 'dump.begin', ends: 'dump.runc-end', isWait: true },
  { service: 'runc', name: 'runc.pre-dump', begins: 'pre-dump.begin', ends: 'pre-dump.runc-end', isWait: true, isRound: true },
  {
    service: 'transship',
    name: 'source.send-round',
    begins: 'pre-dump.send',
    ends: 'pre-dump.sent',
    isRound: true,
    cause: 'script.send',
  },
  { service: 'transship', name: 'source.connect', begins: 'dump.connect', ends: 'dump.connected', cause: 'script.connect' },
  {
    service: 'transship',
    name: 'source.look-for-changes',
    begins: 'dump.connected',
    ends: 'dump.copy-early',
    cause: 'script.find',
  },
  {
    service: 'transship',
    name: 'source.look-for-changes',
    begins: 'dump.connected',
    ends: 'dump.begin',
    cause: 'script.find',
    unless: 'dump.copy-early',
  },
  { service: 'runc', name: 'runc.checkpoint.prepare', begins: 'dump.begin', ends: 'dump.freeze', cause: 'runc.start' },
  { service: 'transship', name: 'source.freeze', begins: 'dump.freeze', ends: 'dump.frozen', cause: 'script.freezer' },
  { service: 'transship', name: 'source.cut-link', begins: 'dump.frozen', ends: 'dump.cut', cause: 'script.link' },
  { service: 'transship', name: 'source.look-for-changes', begins: 'dump.cut', ends: 'dump.copy-files', cause: 'script.find' },
  {
    service: 'transship',
    name: 'source.copy-files-early',
    begins: 'dump.copy-early',
    ends: 'dump.copied-early',
    cause: 'script.copy',
  },
  { service: 'transship', name: 'source.copy-files', begins: 'dump.copy-files', ends: 'dump.files-copied', cause: 'script.copy' },
  { service: 'transship', name: 'source.freeze-again', begins: 'dump.images-ready', ends: 'dump.send' },
  {
    service: 'transship',
    name: 'source.send-images',
    begins: 'dump.send',
    ends: 'dump.images-sent',
    cause: 'script.send',
    hasBytes: true,
  },
  { service: 'transship', name: 'source.say-go', begins: 'dump.images-sent', ends: 'dump.go' },
  { service: 'transship', name: 'destination.unpack', begins: 'receive.go', ends: 'receive.unpacked', cause: 'script.unpack' },
  { service: 'transship', name: 'destination.rewrite-ids', begins: 'receive.unpacked', ends: 'receive.rewritten' },
  // before it was started ahead of the go
  {
    service: 'transship',
    name: 'destination.start-lazy-pages',
    begins: 'receive.lazy-pages',
    ends: 'receive.lazy-pages-listen',
    cause: 'script.page-daemon',
  },
  {
    service: 'transship',
    name: 'destination.say-go',
    begins: 'receive.rewritten',
    ends: 'runtime.heard',
    cause: 'script.hear',
    unless: 'receive.lazy-pages',
  },
  {
    service: 'transship',
    name: 'destination.say-go',
    begins: 'receive.lazy-pages-listen',
    ends: 'runtime.heard',
    cause: 'script.hear',
  },
  {
    service: 'transship',
    name: 'destination.await-lazy-pages',
    begins: 'runtime.mounted',
    ends: 'runtime.page-daemon',
    cause: 'script.page-daemon',
  },
  {
    service: 'transship',
    name: 'destination.mount-root',
    begins: 'runtime.heard',
    ends: 'runtime.mounted',
    cause: 'script.mount',
  },
  // before runc was started ahead of the go
  {
    service: 'transship',
    name: 'destination.mount-root',
    begins: 'runtime.heard',
    ends: 'runtime.restore',
    cause: 'script.mount',
    unless: 'runtime.mounted',
  },
  // until the controller says prepare, or the source says go
  { service: 'runc', name: 'runc.create.wait', begins: 'runtime.waiting', ends: 'runtime.restore', isWait: true },
  { service: 'runc', name: 'runc.restore.prepare', begins: 'runtime.restore', ends: 'runtime.prepared', cause: 'runc.start' },
  { service: 'runc', name: 'runc.restore', begins: 'runtime.restore', ends: 'runtime.restored', isWait: true },
  {
    service: 'transship',
    name: 'destination.announce',
    begins: 'runtime.restored',
    ends: 'runtime.announced',
    cause: 'script.announce',
  },
];

/** Whose marks they are, by their first word: scripts in src/wrap/host. */
const scripts: Readonly<Record<string, string>> = {
  dump: 'dump',
  'pre-dump': 'pre-dump',
  receive: 'receive',
  runtime: 'restore',
};

/** `marks.log`: lines `SECONDS.MICROSECONDS NAME WORDS`. None when the strategy has no scripts; a line cut short is left out. */
export function readHostMarks(hostFolder: string): readonly HostMark[] {
  const file = join(hostFolder, 'marks.log');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, seconds, micros, name, words] = /^(\d+)\.(\d{6}) (\S+) ?(.*)$/.exec(line) ?? [];
      if (seconds === undefined || micros === undefined || name === undefined) return [];
      return [{ name, atNs: BigInt(seconds) * 1_000_000_000n + BigInt(micros) * 1_000n, words: words ?? '' }];
    });
}

interface MarkPlace {
  readonly host: string;
  readonly role: 'source' | 'destination';
  /** Of all images on the host, where that is known. */
  readonly imagesBytes?: number | null;
}

export function spansOf(marks: readonly HostMark[], { host, role, imagesBytes = null }: MarkPlace): LayerSpans[] {
  const found = hostParts.flatMap((part) =>
    partSpans(part, marks).map(({ service, span }) => ({ service, span: part.hasBytes ? withBytes(span, imagesBytes) : span })),
  );
  return (['transship', 'runc'] as const).flatMap((service) => {
    const spans = found.filter((one) => one.service === service).map((one) => one.span);
    return spans.length === 0 ? [] : [{ service, host, role, spans, anchor: { means: 'own marks', boundNs: 0n } }];
  });
}

function partSpans(part: Part, marks: readonly HostMark[]): readonly { service: Part['service']; span: LayerSpan }[] {
  if (part.unless !== undefined && marks.some((mark) => mark.name === part.unless)) return [];
  const begins = marks.filter((mark) => mark.name === part.begins).slice(0, part.isRound ? undefined : 1);
  return begins.flatMap((begin) => {
    const after = part.isRound ? marks.slice(marks.indexOf(begin)) : marks;
    const end = after.find((mark) => mark.name === part.ends && mark.atNs >= begin.atNs);
    return end === undefined ? [] : [{ service: part.service, span: partSpan(part, begin, end) }];
  });
}

function withBytes(span: LayerSpan, bytes: number | null): LayerSpan {
  return bytes === null ? span : { ...span, attributes: { ...span.attributes, 'migration.bytes': bytes } };
}

function partSpan(part: Part, begin: HostMark, end: HostMark): LayerSpan {
  const status = /^[1-9]\d*$/.test(end.words) ? { error: `exit status ${end.words}` } : {};
  const iteration = part.isRound ? Number(begin.words) : null;
  return {
    key: iteration === null ? part.name : `${part.name} ${iteration}`,
    parentKey: undefined,
    name: part.name,
    startNs: begin.atNs,
    endNs: end.atNs,
    evidence: 'bounded',
    attributes: {
      'code.function.name': `${scripts[part.begins.split('.')[0] ?? '']}.sh`,
      ...(iteration === null ? {} : { 'migration.iteration': iteration }),
      ...(part.cause === undefined ? {} : causedBy(part.cause)),
    },
    events: [],
    ...(part.isWait ? { isWait: true } : {}),
    ...status,
  };
}
