import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../error.ts';
import type { Host, HostProcess } from '../hosts/host.ts';
import { bounded } from './bounded.ts';

/**
 * Where dockerd keeps what lives as long as its host: it is there, root alone may open it, and nothing of ours has to be made in it. Not CRIU's work
 * folder, which not every runc.conf names.
 */
const lockedFolder = '/run/docker';

/**
 * Locked (flock(2)) by a process on the host that ends with its standard input: whatever ends the controller, reboots the host or cuts the
 * line frees it, and no file is left that could be stale. It is known again by the folder at its descriptor 9.
 */
const script = `
  mkdir -p -m 700 ${lockedFolder} && exec 9<${lockedFolder} || exit 1
  flock -n 9
  case $? in 0) echo free; exec cat >/dev/null ;; 1) ;; *) exit 1 ;; esac
  exec 9<&-
  holder=$(find /proc/[0-9]*/fd/9 -maxdepth 0 -lname "$(readlink -f ${lockedFolder})" -print -quit 2>/dev/null | cut -d / -f 3)
  echo "taken $holder"`;

/**
 * One migration at a time on a host, until it is disposed of: two of one container could end with two live copies, as could two of containers that share
 * a volume; and runc hands CRIU one work folder for all containers, in which two would mix their logs.
 * @throws TransshipError `not-ready` when another migration is under way there, or nobody can tell
 */
export async function lockHost(host: Host): Promise<AsyncDisposable> {
  const holder = host.spawn(script);
  const answer = await bounded(`locking ${host.name}`, 15_000, firstLine(holder)).catch((error) => {
    holder.kill();
    throw error;
  });
  const release = async () => {
    holder.stdin.end();
    return await bounded(`unlocking ${host.name}`, 5_000, holder.ended).catch(() => holder.kill());
  };
  if (answer === 'free')
    return {
      [Symbol.asyncDispose]: async () => {
        await release();
      },
    };
  const ended = await release();
  if (answer.startsWith('taken')) throw taken(host, answer.split(' ')[1] ?? '');
  throw new TransshipError(
    'not-ready',
    `${host.name}: it cannot be locked, so another migration could be under way there: ${ended?.stderr.trim() || 'no reason given'}`,
    `flock(1) of util-linux locks ${lockedFolder}, Docker's own folder`,
  );
}

function taken({ name }: Host, pid: string): TransshipError {
  return new TransshipError(
    'not-ready',
    `${name}: another migration is under way there, and one at a time is all that a host may have`,
    `wait until it has ended${pid === '' ? '' : ` (process ${pid} on ${name} ends with it)`}: two could leave two live copies, and would mix CRIU's logs`,
  );
}

async function firstLine(process: HostProcess): Promise<string> {
  const answered = once(process.stdout, 'data').then(([chunk]) => String(chunk).trim().split('\n')[0] ?? '');
  return await Promise.race([answered, process.ended.then(() => '')]);
}

/** A killed controller's lock ends with its ssh, which may take a moment. One who cannot be reached has nothing that could be locked. */
export async function lockHostAgain(host: Host, pauseMs = 500): Promise<AsyncDisposable> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await lockHost(host);
    } catch (error) {
      const isTaken = error instanceof TransshipError && /another migration is under way/.test(error.message);
      if (isTaken && tries < 20) await sleep(pauseMs);
      else if (isTaken || (await answers(host))) throw error;
      else return { [Symbol.asyncDispose]: async () => {} };
    }
  }
}

async function answers({ shell }: Host): Promise<boolean> {
  return await shell.run('true', { timeoutMs: 5_000 }).then(
    () => true,
    () => false,
  );
}
