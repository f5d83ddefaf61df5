import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
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
}

/** What happens between two marks of one script (src/wrap/host): both its ends were seen. */
export const hostParts: readonly Part[] = [
  { service: 'runc', name: 'runc.checkpoint', begins: 'dump.begin', ends: 'dump.runc-end', isWait: true },
  { service: 'runc', name: 'runc.pre-dump', begins: 'pre-dump.begin', ends: 'pre-dump.runc-end', isWait: true, isRound: true },
  { service: 'transship', name: 'source.send-round', begins: 'pre-dump.send', ends: 'pre-dump.sent', isRound: true },
  { service: 'transship', name: 'source.freeze', begins: 'dump.freeze', ends: 'dump.frozen' },
  { service: 'transship', name: 'source.cut-link', begins: 'dump.frozen', ends: 'dump.cut' },
  { service: 'transship', name: 'source.copy-files-early', begins: 'dump.copy-early', ends: 'dump.copied-early' },
  { service: 'transship', name: 'source.copy-files', begins: 'dump.copy-files', ends: 'dump.files-copied' },
  { service: 'transship', name: 'source.send-images', begins: 'dump.send', ends: 'dump.images-sent' },
  { service: 'transship', name: 'source.say-go', begins: 'dump.images-sent', ends: 'dump.go' },
  { service: 'transship', name: 'destination.unpack', begins: 'receive.go', ends: 'receive.unpacked' },
  { service: 'transship', name: 'destination.rewrite-ids', begins: 'receive.unpacked', ends: 'receive.rewritten' },
  // before it was started ahead of the go
  { service: 'transship', name: 'destination.start-lazy-pages', begins: 'receive.lazy-pages', ends: 'receive.lazy-pages-listen' },
  { service: 'transship', name: 'destination.await-lazy-pages', begins: 'runtime.mounted', ends: 'runtime.page-daemon' },
  { service: 'transship', name: 'destination.mount-root', begins: 'runtime.heard', ends: 'runtime.mounted' },
  // before runc was started ahead of the go
  {
    service: 'transship',
    name: 'destination.mount-root',
    begins: 'runtime.heard',
    ends: 'runtime.restore',
    unless: 'runtime.mounted',
  },
  { service: 'runc', name: 'runc.restore.prepare', begins: 'runtime.restore', ends: 'runtime.prepared' },
  { service: 'runc', name: 'runc.restore', begins: 'runtime.restore', ends: 'runtime.restored', isWait: true },
  { service: 'transship', name: 'destination.announce', begins: 'runtime.restored', ends: 'runtime.announced' },
];

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

export function spansOf(
  marks: readonly HostMark[],
  { host, role }: { readonly host: string; readonly role: 'source' | 'destination' },
): LayerSpans[] {
  const found = hostParts.flatMap((part) => partSpans(part, marks));
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
    attributes: iteration === null ? {} : { 'migration.iteration': iteration },
    events: [],
    ...(part.isWait ? { isWait: true } : {}),
    ...status,
  };
}
