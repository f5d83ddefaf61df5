import type { ContainerInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { runcRoot } from '../live-copy.ts';
import { linksIn, printLinks, type SourceLinks, valuesOf } from '../source-links.ts';

/** What has to be known of a running container before it can be dumped without Docker. */
export interface Traits extends SourceLinks {
  /** Where its processes are frozen, and the words for it: `cgroup.freeze` of v2, `freezer.state` of v1. */
  readonly freezer: string;
  readonly frozen: string;
  readonly thawed: string;
}

/**
 * Reads only.
 * @throws TransshipError `not-ready` when runc does not know the container (another runtime has it) or its freezer is not found
 */
export async function readTraits(source: Host, inspect: ContainerInspectInfo): Promise<Traits> {
  const { exitCode, stdout, stderr } = await source.shell.run(script(inspect.Id, inspect.State.Pid));
  const [freezer] = valuesOf(stdout, 'freezer');
  const [version] = valuesOf(stdout, 'cgroup');
  if (exitCode === 0 && freezer !== undefined)
    return {
      freezer,
      frozen: version === '2' ? '1' : 'FROZEN',
      thawed: version === '2' ? '0' : 'THAWED',
      ...linksIn(stdout, inspect.State.Pid),
    };
  throw new TransshipError(
    'not-ready',
    `${source.name}: ${inspect.Name.slice(1)} cannot be dumped by runc: ${stderr.trim() || 'its freezer was not found'}`,
    'a container of another runtime (crun, kata) moves with --strategy docker, if at all',
  );
}

const script = (id: string, pid: number): string => `
runc --root ${runcRoot} state ${id} >/dev/null || exit
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  echo cgroup 2
  path=$(sed -n 's/^0:://p' /proc/${pid}/cgroup); file=/sys/fs/cgroup$path/cgroup.freeze
else
  echo cgroup 1
  path=$(sed -n 's/^[0-9]*:freezer://p' /proc/${pid}/cgroup); file=/sys/fs/cgroup/freezer$path/freezer.state
fi
[ -w "$file" ] && echo "freezer $file"
pid=${pid}
${printLinks}`;
