import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './engine.ts';

/** Where runc keeps the state of Docker's containers (dockerd's own containerd and a system one alike). */
export const runcRoot = '/run/docker/runtime-runc/moby';

/**
 * Shell text: the root that knows the container; each runtime that Docker has by a name has one of its own. One where the id alone is taken (stop-copy.ts) knows
 * nothing of it.
 */
export function runcRootOf(id: string): string {
  return `"$(dirname "$(dirname "$(ls -d /run/docker/runtime-*/moby/${id}/state.json 2>/dev/null | head -n 1)")")"`;
}

/**
 * Lets a paused container go on: through Docker, and where dockerd does not answer (it may have been what failed)
 * through runc, once no CRIU works on the container any more.
 */
export async function thaw(host: Host, id: string): Promise<void> {
  const unpause = () => bounded(`docker unpause on ${host.name}`, 15_000, host.docker.getContainer(id).unpause());
  try {
    // A CRIU that was killed has let it run, and Docker goes on taking it for paused, which runc refuses to end: it is paused once more
    await unpause().catch(async (error) => {
      if (!/runtime resume failed: container not paused/.test(messageOf(error))) throw error;
      await host.shell.run(`runc --root ${runcRootOf(id)} pause ${id}`, { timeoutMs: 10_000 });
      await unpause();
    });
  } catch (error) {
    // behind Docker's back it is paused where runc had to do it
    if (/is not paused/.test(messageOf(error)) && (await runcStatus(host, id)) !== 'paused') return;
    await thawByRunc(host, id);
  }
}

async function thawByRunc(host: Host, id: string): Promise<void> {
  const script = `
    for try in $(seq 100); do
      grep -qsx criu /proc/[0-9]*/comm || break
      sleep 0.2
    done
    runc --root ${runcRootOf(id)} resume ${id}`;
  const result = await host.shell.run(script, { timeoutMs: 40_000 });
  if (result.exitCode === 0 || /not paused/.test(result.stderr)) return;
  throw new Error(`runc resume ${id.slice(0, 12)} on ${host.name}: ${result.stderr.trim()}`);
}

/** Through Docker, and where dockerd does not answer through runc. */
export async function freeze(host: Host, id: string): Promise<void> {
  const byDocker = bounded(`docker pause on ${host.name}`, 15_000, host.docker.getContainer(id).pause());
  await byDocker.catch(async (cause) => {
    if (await isToldToFreeze(host, id)) return;
    const { exitCode } = await host.shell.run(`runc --root ${runcRootOf(id)} pause ${id}`, { timeoutMs: 15_000 });
    if (exitCode !== 0) throw cause;
  });
}

/**
 * cgroup v2's freezer stops a process at its way back to its own code: one that waits in the kernel for a page that does not come (read, write) is never called frozen, and so
 * runc gives up waiting for it after 10 s, but it does nothing any more either. v1's is let go again by a runc that gave up.
 */
async function isToldToFreeze(host: Host, id: string): Promise<boolean> {
  return (await host.shell.run(toldToFreeze(id))).exitCode === 0;
}

/** Shell text. A group that its dead shim has left behind may still be told so, and has nobody in it. */
function toldToFreeze(id: string): string {
  return `grep -qsx 'populated 1' $(grep -lsx 1 $(find /sys/fs/cgroup -path '*${id}/cgroup.freeze' -o -path '*${id}.scope/cgroup.freeze') /dev/null | sed 's/freeze$/events/') /dev/null`;
}

/**
 * Waits until no dump of the container is under way: it would give the freezer back as it found it, and so freeze the container anew
 * after it was let go. dockerd may be dead and the answer lost, while CRIU is at it for as long as Docker lets a checkpoint take; and
 * CRIU outlives a runc that was killed.
 * @throws when it does not end
 */
export async function untilDumped(host: Host, id: string): Promise<void> {
  const dumping = `pgrep -f -- 'runc .*checkpoint .*${id}' || for criu in $(pgrep -f '^criu: dump'); do
      case $(cat /proc/$(ps -o ppid= $criu)/comm) in runc | criu) ;; *) echo $criu ;; esac
    done`;
  if (await isQuiet(host, dumping, 600)) return;
  throw new TransshipError(
    'failed',
    `a checkpoint on ${host.name} does not end`,
    `look there: pgrep -fa 'runc .*checkpoint|criu'`,
  );
}

/** Waits until the shell text, which lists processes, has none to list. False: there still is one after `limitS`. */
export async function isQuiet(host: Host, list: string, limitS: number): Promise<boolean> {
  // at first often, as somebody may stand still meanwhile
  const script = `wait=0.01; for try in $(seq ${limitS * 5 + 50}); do
      [ -n "$(${list})" ] || exit 0
      [ $try -le 50 ] || wait=0.2
      sleep $wait
    done 2>/dev/null; exit 1`;
  const { exitCode } = await host.shell.run(script, { timeoutMs: (limitS + 10) * 1e3 });
  return exitCode === 0;
}

/**
 * In runc's word (`running`, `paused`, `stopped`, …), which sees it when somebody has frozen the container behind Docker's back; null: it knows of none. What is told
 * to freeze is `paused`: runc itself would wait 10 s for a process that waits in the kernel, and not say so.
 */
export async function runcStatus(host: Host, id: string): Promise<string | null> {
  const script = `if ${toldToFreeze(id)}; then echo '{"status":"paused"}'; else runc --root ${runcRootOf(id)} state ${id}; fi`;
  const state = await host.shell.run(script, { timeoutMs: 10_000 });
  return state.exitCode === 0 ? JSON.parse(state.stdout).status : null;
}

/** Whoever gives back the freezer behind Docker's back leaves Docker calling the container paused, where Docker had paused it: it is told. */
export async function endPause(host: Host, id: string): Promise<void> {
  const { State } = await bounded(`docker inspect on ${host.name}`, 10_000, host.docker.getContainer(id).inspect());
  if (State.Paused && (await runcStatus(host, id)) === 'running') await thaw(host, id);
}

/** Does the container make progress there? Docker is asked, and runc. */
export async function isLive(host: Host, id: string): Promise<boolean> {
  if ((await runcStatus(host, id)) !== 'running') return false;
  try {
    const { State } = await bounded(`docker inspect on ${host.name}`, 10_000, host.docker.getContainer(id).inspect());
    return State.Running && !State.Paused && !State.Restarting;
  } catch {
    return true;
  }
}
