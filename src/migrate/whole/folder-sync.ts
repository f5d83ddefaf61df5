import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TransshipError } from '../../error.ts';
import type { Host, HostProcess } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { asRoot, asRootQuoted, type Route } from './route.ts';
import { bounded, hintFor } from './stream.ts';

export interface FolderSync {
  /** For messages: `the writable layer`. */
  readonly what: string;
  /** Absolute folders; what is in `from` will be in `to`, and nothing else. */
  readonly from: string;
  readonly to: string;
  /** `from` and `to` are one file each, not folders. */
  readonly isFile?: boolean;
  /** `live`: the container still writes, files may vanish. `frozen`: nothing changes any more, all must be right. */
  readonly pass: 'live' | 'frozen';
  /** What the live pass returned; without it, a frozen pass compares the content of every file. */
  readonly earlier?: FolderSynced;
  /** More rsync words: filters. */
  readonly options?: readonly string[];
  readonly timeoutMs?: number;
}

export interface FolderSynced {
  /** Bytes that went over the line to the destination. */
  readonly bytes: number;
  /** Regular files whose content was (partly) sent. */
  readonly files: number;
  /** The source's clock, seconds since 1970. */
  readonly startS: number;
  readonly endS: number;
  /** When the source was booted, by the same clock: another one later on, and the clock was put forward or back in between. */
  readonly bootS: number;
}

// -H hard links, -A ACLs, -X xattrs (as root `trusted.*` too), -S sparse, -s paths not through the remote shell.
// Without modify-window=-1 rsync compares whole seconds: a file rewritten within one would be taken for unchanged.
const options = '-aHAXSs --numeric-ids --delete --modify-window=-1 --timeout=120 --stats --no-human-readable';
// rsync(1): 23 partial transfer, 24 vanished files. While the container runs both are to be expected; the frozen pass takes neither.
const fineWhileLive = [0, 23, 24];

/** Makes a folder (or one file) on the destination equal to one on the source; a second call sends only what changed since. */
export async function syncFolder(route: Route, sync: FolderSync): Promise<FolderSynced> {
  const first = await runRsync(route, sync, firstPass(sync));
  const list = /^transship-suspects=(.+)$/m.exec(first)?.[1];
  if (list === undefined) return readStats(first);
  const second = await runRsync(
    route,
    sync,
    (rsync) => `${rsync(`--ignore-times --from0 --files-from=${list}`)}; status=$?; rm -f ${list}`,
  );
  const [main, more] = [readStats(first), readStats(second)];
  return { ...main, bytes: main.bytes + more.bytes, files: main.files + more.files, endS: more.endS };
}

/**
 * Shell text for the source that makes a frozen pass by itself, with nobody asked in between; its status is that of the pass.
 * Only on a direct route.
 */
export function frozenScript(route: Route, sync: FolderSync): string {
  return script(route, { ...sync, pass: 'frozen' }, (rsync) => {
    const again = rsync('--ignore-times --from0 --files-from="$list"');
    return `list=$(mktemp) && ${suspects(sync.earlier)} >"$list" && ${rsync('')}; status=$?
if [ $status = 0 ] && [ -s "$list" ]; then ${again}; status=$?; fi; rm -f "$list"`;
  });
}

/** Shell text that uses rsync and sets `$status`; given what makes the rsync command from the words that differ. */
type Pass = (rsync: (words: string) => string) => string;

/** @returns what rsync and the script said */
async function runRsync(route: Route, sync: FolderSync, pass: Pass): Promise<string> {
  const processes = [route.source.spawn(script(route, sync, pass))];
  const ended = route.ssh === null ? relay(route.destination, processes) : unattended(processes[0] as HostProcess);
  const { exitCode, stderr } = await bounded(route, sync, processes, ended);
  const allowed = sync.pass === 'live' ? fineWhileLive : [0];
  if (allowed.includes(exitCode)) return stderr;
  const words = complaints(stderr) || `rsync ended with status ${exitCode}`;
  throw new TransshipError('failed', `${route.source.name}: ${sync.what} could not be copied: ${words}`, hintFor(words));
}

type Ended = Awaited<HostProcess['ended']>;

function unattended(process: HostProcess): Promise<Ended> {
  process.stdin.end();
  process.stdout.resume();
  return process.ended;
}

/**
 * rsync's words for its other side come as the first line, then its protocol in both directions.
 * A side that ends closes the other's input, so neither waits for ever.
 */
async function relay(destination: Host, processes: HostProcess[]): Promise<Ended> {
  const near = processes[0] as HostProcess;
  const command = await firstLine(near);
  if (command === null) return await near.ended;
  const far = destination.spawn(asRoot(command));
  processes.push(far);
  const pipes = [pipeline(near.stdout, far.stdin), pipeline(far.stdout, near.stdin)];
  for (const pipe of pipes) pipe.catch(() => {}); // the exit statuses tell
  const [here, there] = await Promise.all([near.ended, far.ended]);
  if (there.exitCode === 0) return here;
  return { exitCode: here.exitCode || there.exitCode, stderr: `${here.stderr}${destination.name}: ${there.stderr}` };
}

function firstLine(process: HostProcess): Promise<string | null> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf(10);
      if (end < 0) return;
      process.stdout.off('data', onData).pause();
      process.stdout.off('close', onClose);
      process.stdout.unshift(seen.subarray(end + 1));
      resolve(seen.subarray(0, end).toString());
    };
    const onClose = () => resolve(null);
    process.stdout.on('data', onData);
    process.stdout.once('close', onClose);
  });
}

/** `$TRANSSHIP_RSH` is what rsync starts instead of ssh: its first word is the (unused) peer, the rest runs on the destination. */
function script(route: Route, sync: FolderSync, pass: Pass): string {
  const rsh =
    route.ssh === null
      ? 'shift; printf "%s\\n" "$*" >&4; exec 5<&0; cat <&5 >&4 & up=$!; cat <&3; kill $up'
      : `shift; exec ${route.ssh} ${asRootWords}`;
  const words = [options, ...(sync.options ?? []).map(quoteWord)].join(' ');
  const slash = sync.isFile ? '' : '/';
  const ends = `${quoteWord(sync.from + slash)} peer:${quoteWord(sync.to + slash)}`;
  const rsync = (more: string) => `rsync ${words} ${more} -e 'sh -c '\\''eval "$TRANSSHIP_RSH"'\\'' rsh' ${ends}`;
  return `exec 3<&0 4>&1 >&2
TRANSSHIP_RSH=${quoteWord(rsh)}; export TRANSSHIP_RSH
cd ${quoteWord(sync.isFile ? dirname(sync.from) : sync.from)} || exit 3
read -r up _ </proc/uptime
echo "transship-start=$(date +%s.%N)"
echo "transship-up=$up"
${pass(rsync)}
echo "transship-end=$(date +%s.%N)"
exit $status`;
}

function firstPass(sync: FolderSync): Pass {
  // Written back first, so that a mapped page that is written from now on leaves its mark on the file's times.
  if (sync.pass === 'live') return (rsync) => `sync -f .; ${rsync('')}; status=$?`;
  if (sync.isFile) return (rsync) => `${rsync('--ignore-times')}; status=$?`;
  return (rsync) => `list=$(mktemp) && ${suspects(sync.earlier)} >"$list" && ${rsync('')}; status=$?
if [ $status = 0 ] && [ -s "$list" ]; then echo "transship-suspects=$list"; else rm -f "$list"; fi`;
}

// For the shell of rsh, which puts rsync's words in place of $*.
const asRootWords = asRootQuoted('$*');

/**
 * Files that rsync's look at size and time could miss, so that their content is compared: changed since the live pass began,
 * yet with a time of modification that the copy may have already. That is a time set back (cp -p), and above all a page mapped
 * and written, whose further writes leave the file's time alone until the page has been written back. `$copied_until`: end of another live
 * pass, if the dump made one.
 */
// What vanishes meanwhile is a folder of CRIU's own (`criusOwn`, writable-layer.ts)
function suspects(earlier: FolderSynced | undefined): string {
  if (earlier === undefined) return 'find . -ignore_readdir_race -type f -print0';
  return `eval "$(${changeWindow(earlier)})" && find . -ignore_readdir_race -type f -newerct "@$since" ! -newermt "@\${copied_until:-$until}" -print0`;
}

/**
 * Shell text that prints `since=S until=S`, within which what was changed during and after the live pass has its times. Where the clock was put
 * back since, files have times of the new clock, too. The kernel's file times lag behind the clock by a tick; a second is on the safe side of it.
 */
function changeWindow({ startS, endS, bootS }: FolderSynced): string {
  const values = `-v now="$(date +%s.%N)" -v boot=${bootS.toFixed(3)} -v start=${startS.toFixed(3)} -v end=${endS.toFixed(3)}`;
  const program =
    'moved = now - $1 - boot; printf "since=%.3f until=%.3f", start - 1 + (moved < 0 ? moved : 0), end + 1 + (moved > 0 ? moved : 0)';
  return `awk ${values} '{ ${program} }' /proc/uptime`;
}

// What --stats and the script itself print beside rsync's complaints.
const talk = /^(?:transship-|Number of |Total |Literal data|Matched data|File list |sent |total size|$)/;

function complaints(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !talk.test(line))
    .join('\n')
    .trim();
}

/** Sums over one or two runs of rsync. */
function readStats(text: string): FolderSynced {
  const sum = (pattern: RegExp) => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    bytes: sum(/^Total bytes sent: (\d+)/gm),
    files: sum(/^Number of regular files transferred: (\d+)/gm),
    startS: sum(/^transship-start=([\d.]+)/gm),
    endS: sum(/^transship-end=([\d.]+)/gm),
    bootS: sum(/^transship-start=([\d.]+)/gm) - sum(/^transship-up=([\d.]+)/gm),
  };
}
