import { TransshipError } from '../error.ts';
import { ping } from '../hosts/answering.ts';
import type { Host } from '../hosts/host.ts';
import { runtimeName } from '../wrap/runtime-place.ts';
import { bounded } from './bounded.ts';
import { endRestore } from './dead-restore.ts';
import { runcRoot } from './live-copy.ts';
import type { Move } from './step.ts';

/** Longest that what has begun there may take to end. */
export const endLimitMs = 180_000;

/**
 * Makes sure that the container does not run there and will not, by the host's own processes: Docker's word is not enough where its containerd was killed in the
 * start. Docker is asked to kill it at the same time, which waits for a start under way.
 * @returns whether it ran until then; null where that is not known
 * @throws when that is not certain, so that nobody lets the other copy go on
 */
export async function stopForGood(host: Host, id: string): Promise<boolean | null> {
  const killing = killByDocker(host, id);
  const { exitCode, stdout } = await host.shell.run(endAll(id, null), { timeoutMs: endLimitMs });
  if (exitCode !== 0) throw notEnded(host, id);
  const ran = ranUntil(stdout);
  // what a start had begun is ended, and Docker takes its time to hear of it; where nothing had begun, one may be under way in dockerd
  return ran === false ? await killing : ran;
}

async function killByDocker(host: Host, id: string): Promise<boolean> {
  if ((await ping(host.docker)) === 'silence') return false; // one that stands still would be waited for with the other copy frozen
  const killed = bounded(`docker kill on ${host.name}`, 60_000, host.docker.getContainer(id).kill());
  return await killed.then(
    () => true,
    () => false,
  );
}

/** What `endAll` has printed: false when nothing has run there, no process or those of a restore of ours that had not ended. */
export function ranUntil(stdout: string): boolean | null {
  if (/^(?:none|ended)$/m.test(stdout)) return false;
  return /^ran$/m.test(stdout) ? true : null;
}

export function notEnded(host: Host, id: string): TransshipError {
  return new TransshipError(
    'failed',
    `container ${id.slice(0, 12)} on ${host.name} could not be killed`,
    `look on ${host.name} for what is left of it: find /sys/fs/cgroup -path '*${id}*' -name cgroup.procs -exec cat {} +; pgrep -fa ${id}; pgrep -a criu`,
  );
}

/** Stops the destination's copy in a roll-back. */
export async function stopCopy(move: Move, id: string): Promise<void> {
  tellUndone(move, await stopForGood(move.destination, id));
}

/** What the copy answered meanwhile the source knows nothing of. */
export function tellUndone({ destination, found }: Move, ran: boolean | null): void {
  const isTold = found.warnings.some((warning) => warning.startsWith(`it ran on ${destination.name} `));
  if (ran !== false && !isTold)
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
    for root in /run/docker/runtime-*/moby ${runcRoot} /run/docker/runtime-${runtimeName}/moby; do
      case $root in *'*'*) continue ;; esac # there is none yet
      [ -e $root/${id} ] || { [ -d $root ] || mkdir -p -m 700 $root; mkdir -m 700 $root/${id}; }
    done 2>/dev/null`;
}

/**
 * Shell text: takes the id, and ends what began before that, until nothing is left: in the container's cgroup, or a runc or CRIU at work on it, which is a child of
 * its shim, or nobody's where that one is dead. A restore that does not end by itself is ended: its runc may wait for Docker's hook (libnetwork-setkey), and that
 * for a dockerd that stands still. Prints what it found: `none`, `ended` (a restore that had not ended), `ran`, or `maybe`.
 * The groups are looked at once more after nobody was at work: a runc that ended meanwhile has put there what the look before could not see.
 * @param folder of the move on that host; a move by Docker's own path has none
 */
export function endAll(id: string, folder: string | null): string {
  return `
    seen=none idle=
    for try in $(seq 600); do
      sure=yes
      ${takeId(id)}
      [ $try -le 100 ] || { ${endRestore(id)}; sleep 0.2; }
      for group in $(find /sys/fs/cgroup -depth -type d -path '*${id}*'); do
        pids=$(cat $group/cgroup.procs)
        [ -z "$pids" ] || {
          sure=
          [ $seen != none ] || { ${whatRuns(id, folder)} }
          kill -KILL $pids
        }
        # a process that a v1 freezer holds takes the signal when it is let go, and that of a group above holds those below; on v2 it does not need to, but runc
        # calls the group of a dead container paused, and does not delete it: its shim would stay
        [ ! -e $group/freezer.state ] || echo THAWED >$group/freezer.state
        [ ! -e $group/cgroup.freeze ] || echo 0 >$group/cgroup.freeze
      done
      [ -z "$sure" ] || [ -z "$idle" ] || { ${folder === null ? '' : ranBefore(folder)} echo $seen; exit 0; }
      idle=$sure
      [ -z "$idle" ] || { ${unlessAtWork(id)} }
      [ -n "$idle" ] || sleep 0.005
    done 2>/dev/null
    exit 1`;
}

/**
 * Shell text, sets `seen`: by the marks of our runtime, where the move has a folder. Before runc has ended, and the mark stands, CRIU has let the tasks go: runc's
 * state is written the moment before (libcontainer/criu_linux.go, criuNotifications, post-restore).
 */
function whatRuns(id: string, folder: string | null): string {
  if (folder === null) return 'seen=maybe;';
  return `seen=ended;
    for state in /run/docker/runtime-*/moby/${id}/state.json; do [ ! -e $state ] || seen=maybe; done
    [ -e ${folder}/marks ] || seen=maybe
    ! grep -q ' runtime.restored 0' ${folder}/marks || seen=ran;`;
}

/** Shell text, sets `seen`: a controller that was killed may have ended what ran there before, and told nobody. */
function ranBefore(folder: string): string {
  return `[ $seen != none ] || ! grep -qs ' runtime.restored 0' ${folder}/marks || seen=ran;`;
}

/**
 * Shell text, makes `idle` empty where one of these is at work: a child of the container's shim, our runtime or a runc that begins a container, also where their shim is dead, and
 * an orphan of a CRIU that restores. What else names the container is left alone, and not waited for: somebody's `sudo tail -f …-json.log`, a service that reads its log,
 * a CRIU that serves others.
 */
function unlessAtWork(id: string): string {
  return `
    for process in $(grep -lsF ${id} /proc/[0-9]*/cmdline; grep -lsx criu /proc/[0-9]*/comm); do
      process=\${process%/*}
      read -r _ name state parent _ <$process/stat || continue
      case $name$state in '(containerd-shim'* | *Z) continue ;; esac
      case "$name $parent $(tr '\\0' ' ' <$process/cmdline)" in
        '(runc'*' create '*${id}* | '(runc'*' restore '*${id}* | '(bash)'*' /run/transship/restore/${id} '*) idle= ;;
        '(criu) 1 '*' swrk '* | '(criu) 1 '*'restore --rpc '*) idle= ;;
      esac
      case $(cat /proc/$parent/comm) in containerd-shim*) ! grep -qsF ${id} /proc/$parent/cmdline || idle= ;; esac
    done;`;
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
