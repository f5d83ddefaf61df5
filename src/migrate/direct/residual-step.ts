import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { bounded } from '../bounded.ts';
import type { Move, Step } from '../step.ts';
import { destinationIdOf } from '../strategies/common.ts';
import { directOf } from './stage-step.ts';
import { arrivalLine, type Sample } from './transfer-progress.ts';

/** What the daemon counts in: the page of x86-64, and of arm64 as Debian has it. */
const pageBytes = 4096;
/** Without any page for so long, the channel is taken for lost. */
const stallLimitMs = 30_000;

interface Progress {
  /** That the daemon has received on the page channel; null when it is closed, or cannot be looked at. */
  readonly channelBytes: number | null;
  /** That it is to bring; null while it has not said of any process. */
  readonly totalPages: number | null;
  /** Bytes of the log of the lazy-pages daemon: it writes of every page. */
  readonly logBytes: number;
  /** Exit status of the daemon; null while it works. */
  readonly status: number | null;
  /** Once it has ended. */
  readonly last: LastWords;
}

interface LastWords {
  /** Processes that were restored. */
  readonly processes: number;
  /** Pages that were brought, for each process of which it said that nothing is left to come; its children share its number. */
  readonly pagesBy: ReadonlyMap<string, number>;
}

/**
 * Waits for the last page. That the dump ends with status 0 never means that the pages have come (to it, a channel that closes cleanly is the
 * end): what counts is the daemon on this side. It says its last words on a process when nothing of it is left to come, and fails when the
 * channel closes before (uffd.c handle_requests, page-xfer.c page_server_hangup_event). Numbers decide nothing: pages that the
 * process has freed meanwhile, or took with it when it ended, never come, and a page that a fork has copied comes twice.
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
    const samples: Sample[] = [{ atMs: movedMs, bytes: 0 }];
    for (;;) {
      const now = await readProgress(move, last?.totalPages ?? null);
      const bytes = comeBytes(now);
      if (bytes !== null) samples.push({ atMs: performance.now(), bytes });
      move.report.progress(arrivalLine(samples, now.totalPages));
      if (now.status !== null) return finished(move, now);
      if (last === null || now.logBytes > last.logBytes) movedMs = performance.now();
      if (performance.now() - movedMs > stallLimitMs) throw halves(move, `no page has come for ${stallLimitMs / 1e3} s`);
      last = now;
      await sleep(100);
    }
  },
  undo: holdDestination,
};

/** At its end the channel is closed, and the daemon's own count stands. */
function comeBytes({ status, channelBytes, last }: Progress): number | null {
  return status === null ? channelBytes : pageBytes * pagesOf(last);
}

function pagesOf({ pagesBy }: LastWords): number {
  return [...pagesBy.values()].reduce((sum, pages) => sum + pages, 0);
}

function finished(move: Move, { status, last }: Progress): { readonly pages: number } {
  const isWhole = last.processes > 0 && last.pagesBy.size >= last.processes;
  if (status !== 0 || !isWhole)
    throw halves(move, `the page daemon ended with status ${status}${isWhole ? '' : ' before the last page'}`);
  const pages = pagesOf(last);
  move.found.pagesBytes = pages * pageBytes;
  return { pages };
}

/**
 * ss(8): what the kernel counts for the daemon's connection costs the daemon nothing. How much is to come its log says near its head, of every
 * process before the restore has ended: looked for until it is known.
 */
async function readProgress(move: Move, knownTotal: number | null): Promise<Progress> {
  const { folder, work, channel } = directOf(move);
  const log = `${work.destination}/lazy-pages.log`;
  const words =
    's/.*uffd: \\([0-9]*\\)-[-0-9]*: UFFD transferred pages: (\\([0-9]*\\)\\/[0-9]*).*/pages \\1 \\2/p; s/.*uffd: Received PID: /process /p';
  const script = `stat -c 'bytes %s' ${log}
    [ ! -s ${folder}/lazy-status ] || { echo "status $(cat ${folder}/lazy-status)"; sed -n '${words}' ${log}; }
    ${knownTotal === null ? `head -c 1048576 ${log}` : ':'} | sed -n 's/.*Found \\([0-9]*\\) pages to be handled by UFFD.*/total \\1/p'
    ss -tniH dst ${channel.source} dport = :${channel.port} 2>/dev/null | sed -n 's/.* bytes_received:\\([0-9]*\\).*/received \\1/p'`;
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
    last: lastWordsOf(stdout),
  };
}

/** A child's count begins with its parent's. */
function lastWordsOf(text: string): LastWords {
  const pagesBy = new Map<string, number>();
  for (const [, process = '', pages] of text.matchAll(/^pages (\d+) (\d+)$/gm))
    pagesBy.set(process, Math.max(Number(pages), pagesBy.get(process) ?? 0));
  return { processes: [...text.matchAll(/^process /gm)].length, pagesBy };
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
  const { movingAddress: address } = move.plan.options;
  if (address !== undefined)
    move.found.warnings.push(
      `${address} is on ${move.destination.name}: who goes back to the freeze takes it away there (ip address del) first`,
    );
  const container = move.destination.docker.getContainer(destinationIdOf(move));
  await bounded(`docker pause on ${move.destination.name}`, 30_000, container.pause());
}
