import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { bounded } from '../bounded.ts';
import type { Move, Step } from '../step.ts';
import { destinationIdOf } from '../strategies/common.ts';
import { directOf } from './stage-step.ts';

/** Without any page for so long, the channel is taken for lost. */
const stallLimitMs = 30_000;

interface Progress {
  /** Bytes of the log of the lazy-pages daemon: it writes of every page. */
  readonly logBytes: number;
  /** Exit status of the daemon; null while it works. */
  readonly status: number | null;
  /** Per process, from the daemon's last words on it. */
  readonly transferred: readonly { readonly pages: number; readonly total: number }[];
}

/**
 * Waits for the last page. CRIU's exit status 0 never means that the pages have come (a channel that closes cleanly is taken for the end):
 * what counts is that the daemon says of every process that it has all of its pages.
 */
export const residual: Step = {
  name: 'residual',
  on: 'both',
  about: 'the rest of the memory, until the source may go; from here on the destination is the live copy',
  commits: true,
  keepsHalves: true,
  do: async (move) => {
    let last: Progress | null = null;
    let movedMs = performance.now();
    for (;;) {
      const now = await readProgress(move);
      if (now.status !== null) return finished(move, now);
      if (last === null || now.logBytes > last.logBytes) movedMs = performance.now();
      if (performance.now() - movedMs > stallLimitMs) throw halves(move, `no page has come for ${stallLimitMs / 1e3} s`);
      last = now;
      await sleep(100);
    }
  },
  undo: holdDestination,
};

function finished(move: Move, { status, transferred }: Progress): { readonly pages: number } {
  const missing = transferred.some(({ pages, total }) => pages < total);
  if (status !== 0 || missing || transferred.length === 0)
    throw halves(move, `the page daemon ended with status ${status}${missing ? ' before the last page' : ''}`);
  return { pages: transferred.reduce((sum, { pages }) => sum + pages, 0) };
}

async function readProgress(move: Move): Promise<Progress> {
  const { folder, work } = directOf(move);
  const log = `${work.destination}/lazy-pages.log`;
  const script = `stat -c 'bytes %s' ${log}; [ ! -s ${folder}/lazy-status ] || echo "status $(cat ${folder}/lazy-status)"
    tail -c 65536 ${log} | sed -n 's/.*UFFD transferred pages: (\\([0-9]*\\)\\/\\([0-9]*\\)).*/pages \\1 \\2/p'`;
  const { stdout } = await move.destination.shell.run(script, { timeoutMs: 10_000 });
  const number = (pattern: RegExp) => pattern.exec(stdout)?.[1];
  const status = number(/^status (\d+)$/m);
  return {
    logBytes: Number(number(/^bytes (\d+)$/m) ?? 0),
    status: status === undefined ? null : Number(status),
    transferred: [...stdout.matchAll(/^pages (\d+) (\d+)$/gm)].map(([, pages, total]) => ({
      pages: Number(pages),
      total: Number(total),
    })),
  };
}

function halves({ source, destination }: Move, why: string): TransshipError {
  return new TransshipError(
    'lost',
    `between ${source.name} and ${destination.name}: ${why}`,
    `the newest state lies on both: ${destination.name} is paused, ${source.name} frozen as it was at the dump`,
  );
}

/** Neither side goes on until somebody has decided: what was answered since the dump is on the destination alone. */
async function holdDestination(move: Move): Promise<void> {
  const container = move.destination.docker.getContainer(destinationIdOf(move));
  await bounded(`docker pause on ${move.destination.name}`, 30_000, container.pause());
}
