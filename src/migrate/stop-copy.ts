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
 * start. Docker is asked to kill it at the same time, and so waits for a start under way.
 * @returns whether it ran until then; null where that is not known
 * @throws when that is not certain, so that nobody lets the other copy go on
 */
export async function stopForGood(host: Host, id: string): Promise<boolean | null> {
  const [{ exitCode, stdout }, wasKilled] = await Promise.all([
    host.shell.run(endAll(id, null), { timeoutMs: endLimitMs }),
    killByDocker(host, id),
  ]);
  if (exitCode !== 0) throw notEnded(host, id);
  return wasKilled || ranUntil(stdout);
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
    `look on ${host.name} for what is left of it: runc --root ${runcRoot} list; ps -e`,
  );
}

/** Stops the destination's copy in a roll-back. */
export async function stopCopy(move: Move, id: string): Promise<void> {
  tellUndone(move, await stopForGood(move.destination, id));
}

/** What the copy answered meanwhile the source knows nothing of. */
export function tellUndone({ destination, found }: Move, ran: boolean | null): void {
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
    for root in /run/docker/runtime-*/moby ${runcRoot} /run/docker/runtime-${runtimeName}/moby; do
      case $root in *'*'*) continue ;; esac # there is none yet
      [ -e $root/${id} ] || { [ -d $root ] || mkdir -p -m 700 $root; mkdir -m 700 $root/${id}; }
    done 2>/dev/null`;
}

/**
 * Shell text: takes the id, and ends what began before that, until nothing is left: in the container's cgroup, or a runc or CRIU at work on it, which is a child of
 * its shim, or nobody's where that one is dead. A restore that does not end by itself is ended: its runc may wait for Docker's hook (libnetwork-setkey), and that
 * for a dockerd that stands still. Prints what it found: `none`, `ended` (a restore that had not ended), `ran`, or `maybe`.
 * @param folder of the move on that host; a move by Docker's own path has none
 */
export function endAll(id: string, folder: string | null): string {
  return `
    seen=none
    for try in $(seq 600); do
      sure=yes
      ${takeId(id)}
      [ $try -le 100 ] || { ${endRestore(id)}; sleep 0.2; }
      for group in $(find /sys/fs/cgroup -type d -path '*${id}*'); do
        pids=$(cat $group/cgroup.procs)
        [ -n "$pids" ] || continue
        sure=
        [ $seen != none ] || { ${whatRuns(folder)} }
        kill -KILL $pids
        # a process that a v1 freezer holds takes the signal when it is let go
        [ ! -e $group/freezer.state ] || echo THAWED >$group/freezer.state
      done
      [ -z "$sure" ] || { ${unlessRestoring(id)} }
      [ -z "$sure" ] || { echo $seen; exit 0; }
      sleep 0.005
    done 2>/dev/null
    exit 1`;
}

/** Shell text, sets `seen`: by the marks of our runtime, where the move has a folder. */
function whatRuns(folder: string | null): string {
  return folder === null ? 'seen=maybe;' : `seen=ended; ! grep -q ' runtime.restored 0' ${folder}/marks || seen=ran;`;
}

/** Shell text, makes `sure` empty. A shell that somebody has there, and that names the container, is no child of its shim. */
function unlessRestoring(id: string): string {
  return `
    for process in $(grep -lsF ${id} /proc/[0-9]*/cmdline; grep -lsx criu /proc/[0-9]*/comm); do
      process=\${process%/*}
      read -r _ name state parent _ <$process/stat || continue
      case $name$state in '(containerd-shim'* | '(docker'* | *Z) continue ;; esac
      [ $parent != 1 ] || case $(tr '\\0' ' ' <$process/cmdline) in *' lazy-pages '* | *' page-server '*) ;; *) sure= ;; esac
      ! grep -qsF ${id} /proc/$parent/cmdline || sure=
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
