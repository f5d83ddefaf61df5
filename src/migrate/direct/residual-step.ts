import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { quoteWord } from '../../hosts/link.ts';
import { bracketed } from '../../hosts/listeners.ts';
import { runcStatus } from '../live-copy.ts';
import type { Move, Step } from '../step.ts';
import { destinationIdOf } from '../strategies/common.ts';
import { holdDestination } from './hold-destination.ts';
import { lastPage, lastPageLines } from './last-page.ts';
import { directOf } from './stage-step.ts';
import { arrivalLine, type Sample } from './transfer-progress.ts';

/** What the daemon counts in: the page of x86-64, and of arm64 as Debian has it. */
const pageBytes = 4096;
/** As runc calls one that has not ended: it may be held while its memory comes. */
const standing: readonly (string | null)[] = ['running', 'paused'];
interface Progress {
  /** That the daemon has received on the page channel; null when it is closed, or cannot be looked at. */
  readonly channelBytes: number | null;
  /** That it is to bring; null while it has not said of any process. */
  readonly totalPages: number | null;
  /** Bytes of the log of the lazy-pages daemon: it writes of every page. */
  readonly logBytes: number;
  /** Exit status of the daemon; null while it works. */
  readonly status: number | null;
}

/**
 * Waits for the last page. CRIU's exit status 0 never means that the pages have come (a channel that closes cleanly is taken for the end):
 * what counts is what the daemon says of every process.
 */
export const residual: Step = {
  name: 'residual',
  on: 'both',
  about: 'the rest of the memory, until the source may go; from here on the destination is the live copy',
  commits: true,
  keepsHalves: true,
  do: async (move) => {
    const { stallLimitMs } = directOf(move);
    let last: Progress | null = null;
    let movedMs = performance.now();
    const samples: Sample[] = [{ atMs: movedMs, bytes: 0 }];
    for (;;) {
      const now = await readProgress(move, last?.totalPages ?? null);
      if (now.status !== null) {
        const pages = await pagesAtEnd(move, now.status);
        if (!standing.includes(await runcStatus(move.destination, destinationIdOf(move))))
          throw lostMemory(move, 'it runs there no more');
        samples.push({ atMs: performance.now(), bytes: pages * pageBytes });
        move.report.progress(arrivalLine(samples, now.totalPages));
        move.found.pagesBytes = pages * pageBytes;
        return { pages };
      }
      if (now.channelBytes !== null) samples.push({ atMs: performance.now(), bytes: now.channelBytes });
      move.report.progress(arrivalLine(samples, now.totalPages));
      if (last === null || now.logBytes > last.logBytes) movedMs = performance.now();
      if (performance.now() - movedMs > stallLimitMs) throw halves(move, `no page has come for ${stallLimitMs / 1e3} s`);
      last = now;
      await sleep(100);
    }
  },
  undo: holdDestination,
};

async function pagesAtEnd(move: Move, status: number): Promise<number> {
  const { work } = directOf(move);
  const script = `grep -E '${lastPageLines}' ${work.destination}/lazy-pages.log`;
  const { stdout } = await move.destination.shell.run(script, { timeoutMs: 30_000 });
  const { pages, missing } = lastPage(stdout);
  if (status !== 0) throw lostMemory(move, `the page daemon ended with status ${status}`);
  if (missing !== null) throw lostMemory(move, `the page daemon ended with status 0, and ${missing}`);
  return pages;
}

/**
 * ss(8): what the kernel counts for the daemon's connection costs the daemon nothing. How much is to come its log says near its head, of every
 * process before the restore has ended: looked for until it is known.
 */
async function readProgress(move: Move, knownTotal: number | null): Promise<Progress> {
  const { folder, work, channel } = directOf(move);
  const log = `${work.destination}/lazy-pages.log`;
  const script = `stat -c 'bytes %s' ${log}; [ ! -s ${folder}/lazy-status ] || echo "status $(cat ${folder}/lazy-status)"
    ${knownTotal === null ? `head -c 1048576 ${log}` : ':'} | sed -n 's/.*Found \\([0-9]*\\) pages to be handled by UFFD.*/total \\1/p'
    ss -tniH dst ${quoteWord(bracketed(channel.source))} dport = :${channel.port} 2>/dev/null | sed -n 's/.* bytes_received:\\([0-9]*\\).*/received \\1/p'`;
  const { stdout } = await move.destination.shell.run(script, { timeoutMs: 10_000 });
  const number = (pattern: RegExp) => pattern.exec(stdout)?.[1];
  const status = number(/^status (\d+)$/m);
  const received = number(/^received (\d+)$/m);
  const totals = [...stdout.matchAll(/^total (\d+)$/gm)].map(([, pages]) => Number(pages));
  return {
    channelBytes: received === undefined ? null : Number(received),
    totalPages: totals.length === 0 ? knownTotal : totals.reduce((sum, pages) => sum + pages, 0),
    logBytes: Number(number(/^bytes (\d+)$/m) ?? 0),
    status: status === undefined ? null : Number(status),
  };
}

/** What has not come can come no more: whoever had it to bring, or to hold it, has ended. */
function lostMemory(move: Move, why: string): TransshipError {
  move.found.isMemoryLost = true;
  return halves(move, why);
}

function halves({ source, destination }: Move, why: string): TransshipError {
  return new TransshipError(
    'lost',
    `between ${source.name} and ${destination.name}: ${why}`,
    `the newest state lies on both: ${destination.name} is paused, ${source.name} frozen as it was at the dump`,
  );
}
