import type { ContainerInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { runcRoot } from '../live-copy.ts';

/** What has to be known of a running container before it can be dumped without Docker. */
export interface Traits {
  /** Where its processes are frozen, and the words for it: `cgroup.freeze` of v2, `freezer.state` of v1. */
  readonly freezer: string;
  readonly frozen: string;
  readonly thawed: string;
  /** The host's ends of its veth pairs: down, nothing reaches the container, and its own routes stay. */
  readonly links: readonly string[];
  /** Its own macvlan links: they are cut within its network namespace. */
  readonly lanLinks: readonly string[];
  readonly pid: number;
  /** Links that cannot be cut either way. */
  readonly otherLinks: readonly string[];
}

/**
 * Reads only.
 * @throws TransshipError `not-ready` when runc does not know the container (another runtime has it) or its freezer is not found
 */
export async function readTraits(source: Host, inspect: ContainerInspectInfo): Promise<Traits> {
  const { exitCode, stdout, stderr } = await source.shell.run(script(inspect.Id, inspect.State.Pid));
  const values = (key: string) => [...stdout.matchAll(new RegExp(`^${key} (.+)$`, 'gm'))].map((match) => match[1] ?? '');
  const [freezer] = values('freezer');
  const [version] = values('cgroup');
  if (exitCode === 0 && freezer !== undefined)
    return {
      freezer,
      frozen: version === '2' ? '1' : 'FROZEN',
      thawed: version === '2' ? '0' : 'THAWED',
      links: values('link'),
      lanLinks: values('lan'),
      pid: inspect.State.Pid,
      otherLinks: values('other'),
    };
  throw new TransshipError(
    'not-ready',
    `${source.name}: ${inspect.Name.slice(1)} cannot be dumped by runc: ${stderr.trim() || 'its freezer was not found'}`,
    'a container of another runtime (crun, kata) moves with --strategy docker, if at all',
  );
}

// `eth0@if12`: the peer has number 12 in the host's namespace. Without @if it has none there.
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
[ "$(readlink /proc/${pid}/ns/net)" != "$(readlink /proc/self/ns/net)" ] || exit 0
lan=$(nsenter -t ${pid} -n ip -o link show type macvlan | sed -n 's/^[0-9]*: \\([^@:]*\\)@.*/\\1/p')
nsenter -t ${pid} -n ip -o link show | sed -n 's/^[0-9]*: \\([^@:]*\\)@if\\([0-9]*\\): .*/\\1 \\2/p' | while read -r name number; do
  peer=$(ip -o link show type veth | sed -n "s/^$number: \\([^@:]*\\).*/\\1/p")
  if printf '%s\\n' "$lan" | grep -qx "$name"; then echo "lan $name"
  elif [ -n "$peer" ]; then echo "link $peer"
  else echo "other $name"; fi
done
exit 0`;
