import { setTimeout as sleep } from 'node:timers/promises';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { tracedUs } from '../../src/cli/readings.ts';
import type { Manifest } from '../../src/evidence/manifest.ts';
import type { Host } from '../../src/hosts/host.ts';
import type { MoveOptions } from '../../src/migrate/plan.ts';
import type { Trace } from '../../src/trace/span.ts';
import { nsToUs } from '../../src/trace/time.ts';
import { onHost } from '../../test/destination-state.ts';
import { moveIt } from '../../test/mover.ts';
import { type LoadConfig, startLoad } from './load.ts';
import { type Tail, tailOf } from './tail.ts';
import { expectKeys, startWorkload, tickerGap, type Workload, workloadName } from './workload.ts';

export interface Reading {
  /** By the ticker inside the container. */
  readonly observedMs: number;
  readonly tracedMs: number;
  readonly totalMs: number;
  /** CRIU's own part: its dump until the images are ready, and its restore. */
  readonly criuMs: number;
  readonly explained: number;
  /** What travelled of the container's memory and state. */
  readonly bytes: number;
  /** Post-copy: from the resume until the last page had come. */
  readonly lastPageMs: number | null;
  readonly tail: Tail;
  /** For what one part alone wants to know. */
  readonly trace: Trace;
}

export interface Journey {
  readonly a: Host;
  readonly b: Host;
  /** Aborted: the move is rolled back. */
  readonly signal: AbortSignal;
  readonly workload: Workload;
  readonly options: Partial<MoveOptions>;
  readonly load: Omit<LoadConfig, 'addresses'>;
}

/** The client settles, and then so long is what was usual before the move. */
export const usualMs = 1_200;

/** Starts the workload on a, moves it to b while a client asks, checks it there, and removes it. */
export async function moveOnce({ a, b, signal, workload, options, load }: Journey): Promise<Reading> {
  await clear([a, b]);
  await startWorkload(a, workload);
  await using client = startLoad([a, b], load);
  await sleep(usualMs);
  const movedMs = performance.timeOrigin + performance.now();
  const { folder, manifest } = await moveIt({ a, b }, { container: workloadName, options, signal });
  const answers = await client.stop();
  const trace = loadTrace(folder);
  const traced = tracedUs(trace);
  if (manifest.outcome !== 'migrated' || traced === null)
    throw new Error(`${manifest.outcome}: ${manifest.error?.message ?? 'no traced downtime'}`);
  const gap = await tickerGap(b, `docker exec ${workloadName} cat /run/ticker/gaps`, movedMs);
  await expectKeys(b, `docker exec ${workloadName} redis-cli`, workload.keys);
  await clear([a, b]);
  const lastPageMs = options.strategy === 'post-copy' ? lastPageAfter(trace) : null;
  const wholeMs = gap.endMs + (lastPageMs ?? 0);
  return {
    observedMs: gap.endMs - gap.startMs,
    tracedMs: traced / 1e3,
    totalMs: Number(BigInt(manifest.endedNs ?? 0) - BigInt(manifest.createdNs)) / 1e6,
    criuMs: lengthOf(trace, /^criu\.dump$/) - lengthOf(trace, /^criu\.dump\.lazy-pages$/) + lengthOf(trace, /^criu\.restore$/),
    explained: trace.explained === null ? 0 : trace.explained.bounded + trace.explained.untilNext + trace.explained.inferred,
    bytes: bytesOf(manifest),
    lastPageMs,
    tail: tailOf(answers, { movedMs, resumedMs: gap.endMs, wholeMs }),
    trace,
  };
}

/** Milliseconds of all spans of that name. */
function lengthOf(trace: Trace, name: RegExp): number {
  return trace.spans.reduce((sum, span) => (name.test(span.name) ? sum + nsToUs(span.durationNs) / 1e3 : sum), 0);
}

function lastPageAfter({ spans, downtime }: Trace): number | null {
  const served = spans.find(({ name }) => name === 'criu.lazy-pages');
  if (served === undefined || downtime === null) return null;
  return nsToUs(served.startNs + served.durationNs - downtime.endNs) / 1e3;
}

/** The images of a dump by page server hold its pages, as the destination has counted them; those that follow are counted apart. */
function bytesOf({ bytes }: Manifest): number {
  return (bytes.images ?? 0) + (bytes.pages ?? 0);
}

/** Also what a run before has left that failed. */
async function clear(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) await onHost(host, `docker rm -f ${workloadName} >/dev/null 2>&1; true`);
}
