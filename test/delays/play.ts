import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import type { Host } from '../../src/hosts/host.ts';
import { quoteWord } from '../../src/hosts/link.ts';
import type { StrategyName } from '../../src/migrate/strategies/names.ts';
import { clip, lengthNs, union } from '../../src/trace/intervals.ts';
import type { Span, Trace } from '../../src/trace/span.ts';
import { type Ns, nsToUs } from '../../src/trace/time.ts';
import { explainingSpans } from '../../src/trace/trace-leaves.ts';
import { moveIt } from '../mover.ts';
import { removeWorkload, startWorkload, workloadName } from '../running-workload.ts';
import type { TwoHosts } from '../two-hosts.ts';
import { ownDisks } from './own-disk.ts';
import { type DelayPlace, delayPlaces } from './places.ts';

/** One delay, as it was put in and as the trace has it. */
export interface DelayRow {
  readonly place: DelayPlace;
  readonly wantedMs: number;
  /** How long the processes really stood still; null: the moment never came. */
  readonly heldMs: number | null;
  /** Of that, what the right leaves have: 0..1. */
  readonly share: number;
  /** Who has most of the rest. */
  readonly elsewhere: string;
}

interface Held {
  readonly fromNs: Ns;
  readonly toNs: Ns;
}

const limitS = 120;

/** Which of the moves of `delayPlaces`, and how long its delays are. */
export interface DelayedMove {
  readonly strategy: StrategyName;
  readonly move: DelayPlace['move'];
}

/** Every move that has places. */
export const delayedMoves: readonly DelayedMove[] = [
  { strategy: 'docker', move: 1 },
  { strategy: 'docker', move: 2 },
  { strategy: 'diskless', move: 1 },
  { strategy: 'post-copy', move: 1 },
];

/** Moves a workload by the strategy, with a delay at each of the move's places, and looks where the trace has them. */
export async function playDelays(hosts: TwoHosts, image: string, { strategy, move, ms }: DelayedMove & { readonly ms: number }) {
  const places = delayPlaces.filter((place) => place.strategy === strategy && place.move === move);
  await startWorkload(hosts.a, image, 100_000);
  try {
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    await using _disks = await ownDisks({ a, b }, places);
    const on = (name: 'a' | 'b') => places.filter(({ host }) => host === name);
    const stoppers = [await startStopper(a, on('a'), ms), await startStopper(b, on('b'), ms)];
    const { manifest, folder } = await moveIt(hosts, { container: workloadName, options: { strategy } });
    if (manifest.outcome !== 'migrated') throw new Error(`${strategy}: ${manifest.outcome}: ${manifest.error?.message}`);
    const held = new Map((await Promise.all(stoppers.map((stopper) => stopper.end()))).flatMap((each) => [...each]));
    return { rows: rowsOf(loadTrace(folder), places, { held, ms }), folder };
  } finally {
    await removeWorkload(hosts);
  }
}

async function startStopper(host: Host, places: readonly DelayPlace[], ms: number) {
  const script = readFileSync(join(packageRoot(), 'test/delays/stopper.pl'), 'utf8');
  const process = host.spawn(`exec nice -n -15 perl -e ${quoteWord(script)} ${limitS}`);
  const lines = places.map(({ name, when, where, how, target }) => `${[name, ms, when, where, how, target].join('\t')}\n`);
  process.stdin.end(lines.join(''));
  const held = new Map<string, Held>();
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  createInterface({ input: process.stdout }).on('line', (line) => {
    if (line === 'ready') return isReady();
    const [name = '', from = '', to = ''] = line.split(' ');
    held.set(name, { fromNs: BigInt(from), toNs: BigInt(to) });
  });
  await Promise.race([ready, process.ended.then(({ stderr }) => Promise.reject(new Error(`${host.name}: ${stderr}`)))]);
  return {
    end: async (): Promise<ReadonlyMap<string, Held>> => {
      if (held.size < places.length) process.kill();
      await process.ended.catch(() => {});
      const standIns = places.filter(({ how }) => how === 'begin').map(({ target }) => basename(target.split(' ')[0] ?? ''));
      for (const name of standIns) await host.shell.run(`rm -f /usr/local/sbin/${name}`);
      return held;
    },
  };
}

function rowsOf(
  trace: Trace,
  places: readonly DelayPlace[],
  { held, ms }: { readonly held: ReadonlyMap<string, Held>; readonly ms: number },
): readonly DelayRow[] {
  return places.map((place) => {
    const at = held.get(place.name);
    if (at === undefined) return { place, wantedMs: ms, heldMs: null, share: 0, elsewhere: 'the moment never came' };
    const window = { startNs: at.fromNs, endNs: at.toNs };
    const own = explainingSpans(trace).filter(({ name }) => place.lands.test(name));
    const covered = lengthNs(clip(union(own.map(extent)), window));
    return {
      place,
      wantedMs: ms,
      heldMs: nsToUs(at.toNs - at.fromNs) / 1e3,
      share: Number(covered) / Number(at.toNs - at.fromNs),
      elsewhere: othersIn(trace, window, place),
    };
  });
}

function extent({ startNs, durationNs }: Span): { readonly startNs: Ns; readonly endNs: Ns } {
  return { startNs, endNs: startNs + durationNs };
}

function othersIn(trace: Trace, window: { startNs: Ns; endNs: Ns }, place: DelayPlace): string {
  const own = union(
    explainingSpans(trace)
      .filter(({ name }) => place.lands.test(name))
      .map(extent),
  );
  const found = trace.spans
    .filter((span) => !span.isWait || span.name === 'unexplained')
    .filter(({ name }) => !place.lands.test(name) && !name.startsWith('migration') && !name.startsWith('probe.'))
    .map((span) => {
      const inside = clip([extent(span)], window);
      return { name: span.name, ns: lengthNs(inside) - inside.reduce((sum, part) => sum + lengthNs(clip(own, part)), 0n) };
    })
    .filter(({ ns }) => ns > 0n)
    .sort((one, other) => (one.ns > other.ns ? -1 : 1));
  return found
    .slice(0, 2)
    .map(({ name, ns }) => `${name} ${(nsToUs(ns) / 1e3).toFixed(1)} ms`)
    .join(', ');
}
