import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Does in small what bringing up test hosts does: namespaces, mounts in them, a bridge with a cable. All of it goes with the process.
 * In the words of vm/host/boot.sh; a tenth of a second.
 */
const script = `
  mount -t tmpfs none /tmp && mkdir /tmp/lower /tmp/upper /tmp/work /tmp/root || exit
  mount -t overlay overlay -o lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work /tmp/root &&
    mount -t proc proc /tmp/root && mknod /tmp/null c 1 3 &&
    ip link add wire type bridge && ip link add to-a type veth peer name eth0`;

const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--fork'];

/** Root may be kept from all this in a container or a sandbox: what does not work here, in the user's words; empty when all does. */
export function refusedByMachine(): readonly string[] {
  const { status, stderr, error } = spawnSync('unshare', [...namespaces, 'sh', '-c', script], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const said = (error?.message ?? stderr).trim().split('\n').at(-1) ?? '';
  const found =
    status === 0 ? [] : [`namespaces and mounts are refused to root here (${said === '' ? `status ${status}` : said})`];
  return [...found, ...refusedGroups()];
}

function refusedGroups(): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const folder = mounts.find((line) => line.includes(' - cgroup2 ') && line.split(' ')[3] === '/')?.split(' ')[4];
  if (folder === undefined) return ['no cgroup v2 is mounted here'];
  const probe = join(folder, `transship-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return [];
  } catch (error) {
    return [`no cgroup can be made in ${folder} (${(error as NodeJS.ErrnoException).code})`];
  }
}
