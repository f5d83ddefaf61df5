import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { tracedUs } from '../../src/cli/readings.ts';
import { TransshipError } from '../../src/error.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import type { CallRecord } from '../../src/evidence/records.ts';
import { hostEvidence, type RunFolder } from '../../src/evidence/run-folder.ts';
import { type KernelEvent, parseKernelTrace } from '../../src/layers/processes/kernel-trace.ts';
import type { WatchKind } from '../../src/migrate/watch.ts';
import { counterName, startCounter } from '../../test/host-faults.ts';
import { moveIt } from '../../test/mover.ts';
import type { TwoHosts } from '../../test/two-hosts.ts';

export const strategies = ['docker', 'diskless', 'post-copy'] as const;
export type Strategy = (typeof strategies)[number];

/** One move, and what of it was traced while the container stood still. */
export interface Moved {
  readonly downtimeUs: number;
  /** Calls by way of wrappers, and programs that the kernel told of, in the downtime. */
  readonly calls: number;
  readonly programs: number;
}

/** Moves a container from a to b, and removes it there. @throws TransshipError `failed` when it does not get there */
export async function moveOnce(hosts: TwoHosts, strategy: Strategy, watched: readonly WatchKind[]): Promise<Moved> {
  await startCounter(hosts.a, '', 64);
  const options = { strategy };
  const { folder, manifest } = await moveIt(hosts, { container: counterName, options, watched });
  const trace = loadTrace(folder);
  const us = tracedUs(trace);
  await hosts.b.shell.run(`docker rm -f ${counterName}`, { timeoutMs: 60_000 });
  if (manifest.outcome !== 'migrated' || us === null || trace.downtime === null)
    throw new TransshipError(
      'failed',
      `${strategy}: ${manifest.error?.message ?? 'it did not move'}`,
      'transship doctor test:a test:b',
    );
  const { startNs, endNs } = trace.downtime;
  const isIn = (ns: bigint) => startNs <= ns && ns <= endNs;
  const calls = ['a', 'b'].flatMap((host) => callsOf(folder, host)).filter(({ startNs: at }) => at !== null && isIn(BigInt(at)));
  const programs = ['a', 'b']
    .flatMap((host) => eventsOf(folder, host))
    .filter((event) => event.kind === 'exec' && isIn(event.atNs));
  return { downtimeUs: us, calls: calls.length, programs: programs.length };
}

function callsOf(folder: RunFolder, host: string): readonly CallRecord[] {
  return readRecords<CallRecord>(join(hostEvidence(folder, host), 'wrap.jsonl'));
}

/** Test hosts have one clock, so that no offset is taken off. */
function eventsOf(folder: RunFolder, host: string): readonly KernelEvent[] {
  const file = join(hostEvidence(folder, host), 'kernel.trace');
  return existsSync(file) ? (parseKernelTrace(readFileSync(file, 'utf8'))?.events ?? []) : [];
}
