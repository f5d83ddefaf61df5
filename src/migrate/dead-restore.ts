import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../hosts/host.ts';

const pollMs = 1_000;

/**
 * Waits for a start, and ends it when its CRIU has died: runc would wait for ever for CRIU's word, as the half-restored tasks hold the other
 * end of that socket, and Docker with it.
 */
export async function endingDeadRestores<T>(host: Host, id: string, started: Promise<T>): Promise<T> {
  let hasEnded = false;
  const ended = started.finally(() => {
    hasEnded = true;
  });
  ended.catch(() => {});
  const watch = async () => {
    for (let seen = 0; !hasEnded; await sleep(pollMs)) {
      const { exitCode } = await host.shell.run(deadCriu(id));
      // one that has ended in good order is dead for a moment, too, until runc has looked at it
      seen = exitCode === 0 ? seen + 1 : 0;
      if (seen > 1) await host.shell.run(endRestore(id));
    }
  };
  void watch().catch(() => {}); // a host that is gone: the start has a limit of its own
  return await ended;
}

const runcs = (id: string) => `$(pgrep -f 'runc .*restore .*${id}')`;

/** Shell text, true when a runc that restores has a child that is dead. */
function deadCriu(id: string): string {
  return `for runc in ${runcs(id)}; do
      for child in $(cat /proc/$runc/task/*/children); do
        case $(cat /proc/$child/stat) in *') Z '*) exit 0 ;; esac
      done
    done 2>/dev/null; exit 1`;
}

/** Shell text. What CRIU has left goes to the shim, which has no other children yet and waits as long as they hold its pipes. */
export function endRestore(id: string): string {
  return `for runc in ${runcs(id)}; do kill -KILL $runc; done
    for shim in $(pgrep -f 'containerd-shim.* -id ${id}'); do kill -KILL $(cat /proc/$shim/task/*/children); done 2>/dev/null`;
}
