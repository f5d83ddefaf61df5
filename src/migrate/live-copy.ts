import { TransshipError } from '../error.ts';
import { ping } from '../hosts/answering.ts';
import type { Host } from '../hosts/host.ts';
import { runtimeName } from '../wrap/runtime-place.ts';
import { bounded } from './bounded.ts';
import { endRestore } from './dead-restore.ts';
import { messageOf } from './engine.ts';
import type { Move } from './step.ts';

/** Where runc keeps the state of Docker's containers (dockerd's own containerd and a system one alike). */
export const runcRoot = '/run/docker/runtime-runc/moby';

/** Shell text: the root that knows the container; each runtime that Docker has by a name has one of its own. */
export function runcRootOf(id: string): string {
  return `"$(dirname "$(ls -d /run/docker/runtime-*/moby/${id} 2>/dev/null | head -n 1)")"`;
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
  const { exitCode } = await host.shell.run(
    `grep -qsx 1 $(find /sys/fs/cgroup -path '*${id}/cgroup.freeze' -o -path '*${id}.scope/cgroup.freeze') /dev/null`,
  );
  return exitCode === 0;
}

/**
 * Makes sure that the container does not run there and will not: Docker kills it (waiting for a start under way), and where dockerd
 * does not answer runc does.
 * @returns whether it ran until then, by Docker's word; null where that is not known
 * @throws when that is not certain, so that nobody lets the other copy go on
 */
export async function stopForGood(host: Host, id: string): Promise<boolean | null> {
  const [, heard] = await Promise.all([host.shell.run(takeId(id)), ping(host.docker)]);
  // one that stands still would be waited for with the other copy frozen
  if (heard === 'silence') {
    await stopByRunc(host, id);
    return null;
  }
  try {
    await bounded(`docker kill on ${host.name}`, 60_000, host.docker.getContainer(id).kill());
    return true;
  } catch (error) {
    if (/is not running|no such container/i.test(messageOf(error))) return await endUnknown(host, id);
    await stopByRunc(host, id);
    return null;
  }
}

/**
 * Ends what runs in the container's cgroup although Docker says that it does not: where its containerd was killed in the start, what that had begun goes on.
 * @returns false when nothing has run there: no process, or those of a restore of ours that had not ended; else null
 */
async function endUnknown(host: Host, id: string): Promise<boolean | null> {
  const script = `
    seen=none
    for try in $(seq 500); do
      groups=$(find /sys/fs/cgroup -type d -path '*${id}*')
      pids=$(for group in $groups; do cat $group/cgroup.procs; done)
      [ -n "$pids" ] || { echo $seen; exit; }
      [ $seen != none ] || { seen=ended; ls /run/transship/*/marks && ! grep -q ' runtime.restored 0' /run/transship/*/marks || seen=ran; } >/dev/null
      kill -KILL $pids
      for group in $groups; do [ ! -e $group/freezer.state ] || echo THAWED >$group/freezer.state; done
      sleep 0.002
    done 2>/dev/null
    exit 1`;
  const { exitCode, stdout } = await host.shell.run(script, { timeoutMs: 30_000 });
  if (exitCode !== 0) await stopByRunc(host, id);
  return /^(?:none|ended)$/m.test(stdout) ? false : null;
}

/** Stops the destination's copy in a roll-back. That it had run is told: what it answered meanwhile the source knows nothing of. */
export async function stopCopy({ destination, found }: Move, id: string): Promise<void> {
  const ran = await stopForGood(destination, id);
  if (ran !== false)
    found.warnings.push(
      `it ${ran === null ? 'may have run' : 'ran'} on ${destination.name} after the restore: what it answered there is undone`,
    );
}

/**
 * Shell text. That nothing of the container is there proves little: a request may still be on its way to dockerd, containerd may be
 * unpacking for a start, a shim may be about to call runc, and a dockerd that only stood still goes on when it is woken. But all of them
 * end in `runc restore` or `runc create`, and runc refuses an id whose state folder exists ("container with given ID already
 * exists"). So the folder is made, where there is none. Docker's cleaning up after the start that failed by it removes it again.
 */
export function takeId(id: string): string {
  return `
    for root in $({ ls -d /run/docker/runtime-*/moby; printf '%s\\n' ${runcRoot} /run/docker/runtime-${runtimeName}/moby; } 2>/dev/null | sort -u); do
      mkdir -p -m 700 $root && mkdir -m 700 $root/${id}
    done 2>/dev/null`;
}

/**
 * What began before the id was taken is seen: as runc's state, a runc or CRIU at work, or in the container's cgroup. None must be left. A restore that does not end by
 * itself is ended: its runc may wait for Docker's hook (libnetwork-setkey), and that for a dockerd that stands still.
 */
function killAll(id: string): string {
  return `
    for try in $(seq 500); do
      sure=yes
      ${takeId(id)}
      [ $try -le 10 ] || { ${endRestore(id)}; }
      for state in $(ls /run/docker/runtime-*/moby/${id}/state.json); do
        root=\${state%/${id}/state.json}
        # a process that a v1 freezer holds takes the signal when it is let go
        runc --root $root kill ${id} KILL && runc --root $root resume ${id}
        case $(runc --root $root state ${id} | tr -d ' ') in *'"status":"running"'* | *'"status":"paused"'* | *'"status":"created"'*) sure= ;; esac
      done
      for group in $(find /sys/fs/cgroup -type d -path '*${id}*'); do
        pids=$(cat $group/cgroup.procs)
        [ -z "$pids" ] || { kill -KILL $pids; sure=; }
        [ -z "$pids" ] || [ ! -e $group/freezer.state ] || echo THAWED >$group/freezer.state
      done
      for process in $(grep -lsF ${id} /proc/[0-9]*/cmdline); do
        case $(cat \${process%/cmdline}/comm) in '' | containerd-shim* | docker*) ;; *) sure= ;; esac
      done
      ! grep -qsx criu /proc/[0-9]*/comm || sure=
      [ -z "$sure" ] || exit 0
      sleep 0.2
    done 2>/dev/null
    exit 1`;
}

async function stopByRunc(host: Host, id: string): Promise<void> {
  const result = await host.shell.run(killAll(id), { timeoutMs: 180_000 });
  if (result.exitCode !== 0)
    throw new TransshipError(
      'failed',
      `container ${id.slice(0, 12)} on ${host.name} could not be killed`,
      `look on ${host.name} for what is left of it: runc --root ${runcRoot} list; ps -e`,
    );
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
  const script = `for try in $(seq ${limitS * 5}); do [ -n "$(${list})" ] || exit 0; sleep 0.2; done 2>/dev/null; exit 1`;
  const { exitCode } = await host.shell.run(script, { timeoutMs: (limitS + 10) * 1e3 });
  return exitCode === 0;
}

/**
 * Gives back the id that was taken from runc, once Docker has no container of that id that it could start. Removes nothing else but what a
 * restore leaves that was killed: runc's mount of the root file system at `criu-root` (criu_linux.go, restore), and CRIU's of the cgroups
 * in its work folder (cgroup.c, prepare_cgroup_sfd) where no other CRIU could still need it.
 */
export async function releaseId(host: Host, id: string): Promise<void> {
  const script = `for state in /run/docker/runtime-*/moby/${id}; do
      [ ! -e $state/criu-root ] || { umount $state/criu-root; rmdir $state/criu-root; }
      rmdir $state
    done 2>/dev/null
    grep -qsx criu /proc/[0-9]*/comm || awk '$5 ~ "/[.]criu[.]cgyard[.]" { print $5 }' /proc/self/mountinfo | sort -r | while read -r yard; do
      umount "$yard"
      case \${yard##*/} in .criu.cgyard.*) rmdir "$yard" ;; esac
    done 2>/dev/null`;
  await host.shell.run(script);
}

/** In runc's word (`running`, `paused`, `stopped`, …), which sees it when somebody has frozen the container behind Docker's back; null: it knows of none. */
export async function runcStatus(host: Host, id: string): Promise<string | null> {
  const state = await host.shell.run(`runc --root ${runcRootOf(id)} state ${id}`, { timeoutMs: 10_000 });
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
