import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Ns, usToNs } from '../../trace/time.ts';

/** Between `fromNs` and `toNs` of the host's clock, `bytes` of the log had been written. */
export interface LogSample {
  readonly bytes: number;
  readonly fromNs: Ns;
  readonly toNs: Ns;
}

/** Nobody samples a log that has run away. */
const longestLogBytes = 16 * 2 ** 20;
/** A line is written after its stamp was taken: some 10 µs, unless the process loses its processor in between. */
const writeDelayNs = 200_000n;
/** Lines of several processes stand in another order than their stamps: so many are looked at on either side. */
const near = 40;

const samplePattern = /^(\d+)\.(\d{6}) runtime\.log-at (\d+) (\d+)\.(\d{6})$/gm;

/** What our runtime saw of the growing restore.log (src/wrap/host/restore-watch.sh): lines `AFTER runtime.log-at BYTES BEFORE` of marks.log. */
export function readLogSamples(hostFolder: string): readonly LogSample[] {
  const file = join(hostFolder, 'marks.log');
  if (!existsSync(file)) return [];
  const ns = (seconds = '', micros = '') => BigInt(seconds) * 1_000_000_000n + BigInt(micros) * 1_000n;
  return [...readFileSync(file, 'utf8').matchAll(samplePattern)].map(([, toS, toUs, bytes, fromS, fromUs]) => ({
    bytes: Number(bytes),
    fromNs: ns(fromS, fromUs),
    toNs: ns(toS, toUs),
  }));
}

/**
 * Where zero can lie by a sample: what stands before its place had been written by then, what stands after it was written later.
 *
 *   log      (00.010) (00.012) │ (00.013) (00.020)
 *   sample            from ─ to
 *   zero     from − 0.013 … to − 0.012
 */
export function zeroBySamples(logPath: string, samples: readonly LogSample[]): readonly { startNs: Ns; endNs: Ns }[] {
  if (samples.length === 0 || statSync(logPath).size > longestLogBytes) return [];
  const text = readFileSync(logPath, 'latin1');
  return samples.flatMap(({ bytes, fromNs, toNs }) => {
    if (bytes <= 0 || bytes >= text.length) return [];
    const before = stampsUs(text.slice(Math.max(0, bytes - near * 120), bytes));
    const after = stampsUs(text.slice(bytes, bytes + near * 120));
    if (before.length === 0 || after.length === 0) return [];
    const lastUs = Math.max(...before);
    const nextUs = after.find((us) => us >= lastUs);
    if (nextUs === undefined) return [];
    return { startNs: fromNs - usToNs(nextUs) - writeDelayNs, endNs: toNs - usToNs(lastUs) };
  });
}

function stampsUs(text: string): readonly number[] {
  return [...text.matchAll(/^\((\d+)\.(\d{6})\)/gm)].map(([, seconds, micros]) => Number(seconds) * 1e6 + Number(micros));
}
