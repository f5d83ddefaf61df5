import { type Check, type ContainerSubject, type Finding, fail, ok } from './check.ts';
import { quoteWord } from './link.ts';

/** Docker's word, and the kernel's: what was frozen behind Docker's back is running to Docker. */
export const runningCheck: Check<ContainerSubject> = {
  name: 'running',
  why: 'only a running process can be moved alive',
  hint: 'docker start or docker unpause it first',
  probe: async ({ inspect: { Id, State }, source: { host } }) => {
    if (!State.Running || State.Paused || State.Restarting) return fail(`it is ${State.Status}`);
    const { stdout } = await host.shell.run(findFreezer({ id: Id, pid: State.Pid }));
    return frozenFinding(stdout, host.name) ?? unknownFinding(stdout) ?? ok(`running since ${State.StartedAt}`);
  },
};

interface Looked {
  readonly id: string;
  readonly pid: number;
}

/**
 * Shell text: the file by which a process stands still, and the word that lets it go on; nothing where it does not. Read where a move writes it and runc does
 * (cgroup.freeze of v2, freezer.state of v1), as runc itself waits ten seconds for one that is stuck in the kernel, and knows no other runtime's container. What
 * holds it may be a group further up. With it the folder of the move that froze it, where that lies there still. Before that: whether runc's state is where Docker's
 * containers have it.
 */
export function findFreezer({ id, pid }: Looked, { proc = '/proc', cgroups = '/sys/fs/cgroup', run = '/run' } = {}): string {
  return `
ls ${run}/docker/runtime-*/moby/${id}/state.json >/dev/null 2>&1 || echo unknown
if [ -e ${cgroups}/cgroup.controllers ]; then
  root=${cgroups}; told=cgroup.freeze; file=cgroup.freeze; thawed=0
  path=$(sed -n 's/^0:://p' ${proc}/${pid}/cgroup)
else
  root=${cgroups}/freezer; told=freezer.self_freezing; file=freezer.state; thawed=THAWED
  path=$(sed -n 's/^[0-9]*:freezer://p' ${proc}/${pid}/cgroup)
fi 2>/dev/null
while case $path in /?*) ;; *) false ;; esac; do
  if grep -qsx 1 "$root$path/$told"; then
    echo "frozen $thawed $root$path/$file"
    for settings in $(grep -lsF ${id} ${run}/transship/*/settings); do echo "stage \${settings%/settings}"; done
    exit
  fi
  path=\${path%/*}
done`;
}

/** @param printed by `findFreezer` */
export function frozenFinding(printed: string, host: string): Finding | null {
  const [, thawed = '', file = ''] = /^frozen (\S+) (.+)$/m.exec(printed) ?? [];
  if (file === '') return null;
  const stage = /^stage (.+)$/m.exec(printed)?.[1];
  const byHand =
    stage === undefined
      ? `echo ${thawed} >${quoteWord(file)}, and its links up again where they are down`
      : `bash ${stage}/give-up ${stage} after-go`;
  return fail(
    'it stands frozen, though Docker calls it running: an earlier move froze it and was not brought to its end',
    `transship runs lists that run (lost, halves-kept, or with no outcome), and transship recover RUN brings it to its end; where there is none, and no other host has it alive, on ${host}: ${byHand}`,
  );
}

/** @param printed by `findFreezer`. Whoever asks runc later whether the container lives would be told that there is none. */
function unknownFinding(printed: string): Finding | null {
  if (!/^unknown$/m.test(printed)) return null;
  return fail(
    "runc's state of it is not below /run/docker/runtime-*/moby, where Docker's containers have it",
    'a daemon with a --containerd-namespace of its own, or a runtime that is not runc, is not supported: docker info, and ps -o args -C dockerd',
  );
}
