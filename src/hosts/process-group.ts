import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Link, type OpenProcess, quoteWord } from './link.ts';

/** A process on a host, as root, that can be killed there with all its children: closing ssh alone would leave them. */
export interface ProcessGroup {
  readonly process: OpenProcess;
  /** Resolves when the command is about to begin, its stderr paused behind that point; rejects with what stood on its stderr when it could not (sudo, say). */
  readonly begun: Promise<void>;
  kill(): Promise<void>;
}

// Root's PATH by ssh or sudo often lacks the sbin folders, where criu lives.
const environment = 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin; export PATH; LC_ALL=C; export LC_ALL';
// Fifth field of /proc/PID/stat (proc(5)); the command's name is `sh`, so that no blank is in it.
const announce = 'read -r a b c d group rest </proc/$$/stat; echo "transship-group $group" >&2';
const announced = /^transship-group (\d+)\n/m;
const killTimeoutMs = 5_000;

/** Runs `command` by a POSIX shell as root: directly when the login is root, else by `sudo -n`. */
export function startAsRoot(link: Link, command: string): ProcessGroup {
  const script = `${announce}; ${environment}; ${command}`;
  const process = link.start(becomeRoot(link, script));
  process.stdin.on('error', () => {}); // a write after its end; the end itself is reported
  let group: string | null = null;
  const begun = announcement(process.stderr).then((number) => {
    group = number;
  });
  begun.catch(() => {}); // whoever needs to know awaits it
  const kill = async () => {
    // The announcement comes by stderr, and can come after the first output.
    await Promise.race([begun.catch(() => {}), process.catch(() => {}), sleep(killTimeoutMs, undefined, { ref: false })]);
    if (group !== null) await killGroup(link, group);
    process.kill('SIGKILL');
    // ssh's master holds copies of the streams while the far end lives: never wait for it.
    for (const stream of [process.stdin, process.stdout, process.stderr]) stream.destroy();
  };
  return { process, begun, kill };
}

function becomeRoot(link: Link, script: string): string {
  return `${link.login.uid === 0 ? 'exec' : 'exec sudo -n'} /bin/sh -c ${quoteWord(script)}`;
}

async function killGroup(link: Link, group: string): Promise<void> {
  // No `--` before the group: dash does not take it there.
  const killer = link.start(becomeRoot(link, `kill -KILL -${group}`));
  const timer = setTimeout(() => killer.kill('SIGKILL'), killTimeoutMs);
  await killer;
  clearTimeout(timer);
}

/** Takes the announcement out of the stream (and a login banner before it); rejects with the whole text when none comes. */
function announcement(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const match = announced.exec(seen.toString('latin1'));
      if (match?.[1] === undefined) return;
      stream.pause();
      stream.off('data', onData).off('close', onClose);
      const rest = seen.subarray(match.index + match[0].length);
      if (rest.length > 0) stream.unshift(rest);
      resolve(match[1]);
    };
    const onClose = () => reject(new Error(seen.toString().trim() || 'it ended without a word'));
    stream.on('data', onData).once('close', onClose);
  });
}
