import { once } from 'node:events';
import { TransshipError } from '../error.ts';
import type { Host, HostProcess } from '../hosts/host.ts';
import { bounded } from './bounded.ts';
import { printWorkFolder } from './mark.ts';

/**
 * runc hands CRIU one work folder for all containers, so two moves on one host would mix their logs. The folder itself is locked
 * (flock(2)), by a process on the host that ends with its standard input: whatever ends the controller, reboots the host or cuts the
 * line frees it, and no file is left that could be stale. It is known again by the folder at its descriptor 9.
 */
const script = `
  folder=$(${printWorkFolder})
  if [ -z "$folder" ]; then echo free; exec cat >/dev/null; fi
  mkdir -p "$folder" && exec 9<"$folder" || exit 1
  if flock -n 9; then echo free; exec cat >/dev/null; fi
  exec 9<&-
  for pid in /proc/[0-9]*; do [ "$(readlink $pid/fd/9)" = "$(readlink -f "$folder")" ] && echo "taken $folder \${pid#/proc/}"; done`;

/**
 * Holds CRIU's work folder on a host until it is disposed of.
 * @throws TransshipError `not-ready` when another move holds it
 */
export async function lockWorkFolder(host: Host): Promise<AsyncDisposable> {
  const holder = host.spawn(script);
  const answer = await bounded(`locking CRIU's work folder on ${host.name}`, 15_000, firstLine(holder)).catch((error) => {
    holder.kill();
    throw error;
  });
  const release = async () => {
    holder.stdin.end();
    await bounded(`unlocking CRIU's work folder on ${host.name}`, 5_000, holder.ended).catch(() => holder.kill());
  };
  if (answer === 'free') return { [Symbol.asyncDispose]: release };
  await release();
  const [, folder = 'the folder', pid = ''] = answer.split(' ');
  throw new TransshipError(
    'not-ready',
    `${host.name}: another migration is under way there: ${answer === '' ? "CRIU's work folder cannot be locked" : `it holds ${folder}`}`,
    `wait until it has ended${pid === '' ? '' : ` (process ${pid} on ${host.name} ends with it)`}: both would write CRIU's logs into one folder`,
  );
}

async function firstLine(process: HostProcess): Promise<string> {
  const answered = once(process.stdout, 'data').then(([chunk]) => String(chunk).trim().split('\n')[0] ?? '');
  return await Promise.race([answered, process.ended.then(() => '')]);
}
