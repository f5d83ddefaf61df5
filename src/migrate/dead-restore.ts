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
    let dead = { pid: '', looks: 0 };
    for (; !hasEnded; await sleep(pollMs)) {
      const pid = (await host.shell.run(deadCriu(id))).stdout.trim();
      // one that has ended in good order is dead for a moment, too, until runc has looked at it
      dead = { pid, looks: pid !== '' && pid === dead.pid ? dead.looks + 1 : 1 };
      if (pid !== '' && dead.looks > 2 && !hasEnded)
        await host.shell.run(`[ "$(${deadCriu(id)})" != ${pid} ] || { ${endRestore(id)}; }`);
    }
  };
  void watch().catch(() => {}); // a host that is gone: the start has a limit of its own
  return await ended;
}

const runcs = (id: string) => `$(pgrep -f 'runc .*restore .*${id}')`;

/** Shell text, prints a dead child of a runc that restores. */
function deadCriu(id: string): string {
  return `for runc in ${runcs(id)}; do
      for child in $(cat /proc/$runc/task/*/children); do
        case $(cat /proc/$child/stat) in *') Z '*) echo $child; break 2 ;; esac
      done
    done 2>/dev/null`;
}

/** Shell text. What CRIU has left goes to the shim, which has no other children yet and waits as long as they hold its pipes. */
export function endRestore(id: string): string {
  return `for runc in ${runcs(id)}; do kill -KILL $runc; done
    for shim in $(pgrep -f 'containerd-shim.* -id ${id}'); do kill -KILL $(cat /proc/$shim/task/*/children); done 2>/dev/null`;
}
