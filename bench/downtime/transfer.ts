import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Trace } from '../../src/trace/span.ts';
import { nsToUs } from '../../src/trace/time.ts';
import type { TestbedState } from '../../vm/testbed-state.ts';
import { moveOnce } from './move.ts';
import type { Part } from './part.ts';
import { goalTable } from './report.ts';
import { inRounds } from './rounds.ts';

interface Transfer {
  readonly ms: number;
  readonly bytes: number;
}

const port = 19_000;

export const transfer: Part = {
  name: 'transfer',
  about: 'the transfer phase of diskless over 1 Gbit/s, against socat with as many bytes',
  runs: 10,
  linkMbit: 1_000,
  measure: async (pair, { runs, keys, say }) => {
    const workload = { reference: pair.image.reference, keys, network: 'bridge' } as const;
    const load = { command: 'GET', keys } as const;
    let bytes = 0;
    const diskless = (plainPages: boolean) => async (): Promise<Transfer> => {
      const reading = await moveOnce({ ...pair, workload, options: { strategy: 'diskless', plainPages }, load });
      bytes = reading.bytes;
      return { ms: transferMs(reading.trace), bytes };
    };
    const sides = [
      { name: 'diskless --plain-pages', once: diskless(true) },
      { name: 'diskless', once: diskless(false) },
      { name: 'socat', once: () => socat(pair.testbed, bytes) },
    ];
    const { readings, warnings } = await inRounds<Transfer>(sides, { runs, say, signal: pair.signal, figure: ({ ms }) => ms });
    const ms = (name: string) => (readings.get(name) ?? []).map((reading) => reading.ms);
    const goals = ['diskless --plain-pages', 'diskless'].map((name) => ({
      what: `transfer of ${name} / socat`,
      oursMs: ms(name),
      anchorMs: ms('socat'),
      most: 1.3,
    }));
    const phase = `Both carry ${(bytes / 1e6).toFixed(0)} MB from memory to memory. The transfer phase: from the first page that CRIU's dump writes until its page server has said that it has all.`;
    return [phase, goalTable(goals), ...warnings.map((words) => `warning: ${words}`)].join('\n\n');
  },
};

function transferMs({ spans }: Trace): number {
  const begun = spans.filter(({ name }) => name === 'criu.dump.memory.write').map(({ startNs }) => startNs);
  const end = spans.find(({ name }) => name === 'criu.dump.disconnect');
  const first = begun.sort((one, other) => Number(one - other))[0];
  if (first === undefined || end === undefined) throw new Error('the trace has no transfer of pages');
  return nsToUs(end.startNs + end.durationNs - first) / 1e3;
}

/** This machine's socat, in the hosts' networks: they have none. What it sends cannot be compressed, and no disk takes part. */
async function socat({ hosts }: TestbedState, bytes: number): Promise<Transfer> {
  const folder = mkdtempSync('/dev/shm/transship-bench-');
  const at = (host: number, words: readonly string[]) =>
    execa('nsenter', ['-t', String(hosts[host]?.initPid), '-n', 'socat', '-u', '-b', '262144', ...words], { timeout: 120_000 });
  try {
    const chunk = randomBytes(1 << 20);
    for (let written = 0; written < bytes; written += chunk.length)
      writeFileSync(join(folder, 'sent'), chunk.subarray(0, Math.min(chunk.length, bytes - written)), { flag: 'a' });
    const receiver = at(1, [`TCP-LISTEN:${port},reuseaddr`, `OPEN:${folder}/received,creat`]);
    await untilListening(hosts[1]?.initPid ?? 0);
    const startMs = performance.now();
    await Promise.all([receiver, at(0, [`OPEN:${folder}/sent`, `TCP:${hosts[1]?.address}:${port}`])]);
    return { ms: performance.now() - startMs, bytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function untilListening(pid: number): Promise<void> {
  const script = `for i in $(seq 200); do grep -q ':${port.toString(16).toUpperCase()} .* 0A ' /proc/${pid}/net/tcp* && exit 0; sleep 0.02; done; exit 1`;
  await execa('sh', ['-c', script], { timeout: 30_000 });
}
