import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { TransshipError } from '../../src/error.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import { callRecord } from '../../src/evidence/record-schemas.ts';
import { hostEvidence, type RunFolder } from '../../src/evidence/run-folder.ts';
import { parseDaemonLog } from '../../src/layers/dockerd/log-lines.ts';
import { readNativeEvidence } from '../../src/layers/native/evidence.ts';
import { parseKernelTrace } from '../../src/layers/processes/kernel-trace.ts';
import type { Ns } from '../../src/trace/time.ts';
import { moveIt } from '../../test/mover.ts';
import { removeWorkload, startWorkload, workloadName } from '../../test/running-workload.ts';
import type { TestPair } from '../downtime/test-pair.ts';
import { type Kind, watchedOf } from './kinds.ts';

export const strategies = ['docker', 'diskless', 'post-copy'] as const;
export type Strategy = (typeof strategies)[number];

export interface Moved {
  readonly folder: RunFolder;
  /** By the ticker in the container, which no kind of evidence has a part in. */
  readonly observedUs: number;
}

/** 50 MB of images. */
const keys = 100_000;

/** Moves a workload from a to b, and removes it there. @throws TransshipError `failed` when it does not get there */
export async function moveOnce(pair: TestPair, strategy: Strategy, chosen: readonly Kind[]): Promise<Moved> {
  pair.signal.throwIfAborted();
  await startWorkload(pair.a, pair.image.reference, keys);
  try {
    const options = { strategy };
    const { folder, manifest } = await moveIt(pair, { container: workloadName, options, watched: watchedOf(chosen) });
    const observedUs = manifest.probes.find(({ kind }) => kind === 'ticker')?.gapUs ?? null;
    if (manifest.outcome === 'migrated' && observedUs !== null) return { folder, observedUs };
    const why = manifest.error?.message ?? `${manifest.outcome}; ${manifest.warnings.join('; ')}`;
    throw new TransshipError('failed', `${strategy}: ${why}`, 'transship doctor test:a test:b');
  } finally {
    await removeWorkload(pair);
  }
}

/** How often each kind had something to do while the container stood still, and lines of CRIU's that somebody else asks for. */
export type Counts = Readonly<Record<Kind | 'pageServerLines' | 'otherCriuLines', number>>;

/** Test hosts have one clock, so that no offset is taken off. */
export function countsOf({ folder }: Moved): Counts {
  const { downtime, spans } = loadTrace(folder);
  if (downtime === null) throw new TransshipError('failed', `${folder.run}: it has no traced downtime`, 'transship show it');
  const isIn = (ns: Ns) => downtime.startNs <= ns && ns <= downtime.endNs;
  const traceId = spans[0]?.traceId ?? '';
  const at = ['a', 'b'].map((host) => hostEvidence(folder, host));
  const count = (each: (host: string) => readonly Ns[]) => at.flatMap(each).filter(isIn).length;
  const criu = (name: string) => at.reduce((sum, host) => sum + textOf(join(host, 'criu', name)).split('\n').length - 1, 0);
  return {
    calls: count((host) =>
      readRecords(join(host, 'wrap.jsonl'), callRecord)
        .flatMap(({ startNs }) => startNs ?? [])
        .map(BigInt),
    ),
    kernel: count((host) => execsOf(textOf(join(host, 'kernel.trace')))),
    // each is begun, ended and sent: the end is what falls into the downtime, or the begin of one that outlasts it
    spans: count((host) =>
      readNativeEvidence(host, { role: 'source', traceId }).spans.map(({ startNs, endNs }) => (isIn(endNs) ? endNs : startNs)),
    ),
    log: count((host) => parseDaemonLog(debugLines(textOf(join(host, 'dockerd.log')))).map(({ timeNs }) => timeNs)),
    pageServerLines: criu('page-server.log'),
    otherCriuLines: criu('dump.log') + criu('restore.log') + criu('lazy-pages.log'),
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function execsOf(text: string): readonly Ns[] {
  return (parseKernelTrace(text)?.events ?? []).filter(({ kind }) => kind === 'exec').map(({ atNs }) => atNs);
}

function debugLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.includes(' level=debug '))
    .join('\n');
}
