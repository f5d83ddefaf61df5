import type { Host } from '../src/hosts/host.ts';
import type { MoveOptions } from '../src/migrate/plan.ts';
import { onHost } from './destination-state.ts';
import { counterName, counts, startCounter } from './host-faults.ts';
import { moveIt } from './mover.ts';
import type { TwoHosts } from './two-hosts.ts';

/** What could grow with every move. Dockerd's descriptors and memory settle after a few; its network namespaces it collects once a minute. */
export interface Footprint {
  readonly processes: number;
  readonly mounts: number;
  readonly rules: number;
  readonly links: number;
  readonly files: number;
  readonly dockerdFds: number;
  readonly usedMb: number;
}

const strategies: readonly MoveOptions['strategy'][] = ['diskless', 'post-copy', 'cold', 'docker'];

export async function footprint(host: Host): Promise<Footprint> {
  const script = `ls -d /proc/[0-9]* | wc -l; grep -vc /run/docker/netns /proc/self/mountinfo; nft list ruleset | wc -l; ip -o link | wc -l
    find /run/transship /tmp /var/lib/docker/containers /run/docker 2>/dev/null | grep -vc netns; ls /proc/$(pidof dockerd)/fd | wc -l
    cat /proc/$(pidof dockerd)/status /proc/$(pidof containerd)/status | awk '/^RssAnon/ { sum += $2 } END { print int(sum / 1024) }'`;
  const [processes = 0, mounts = 0, rules = 0, links = 0, files = 0, dockerdFds = 0, usedMb = 0] = (await onHost(host, script))
    .split('\n')
    .map(Number);
  return { processes, mounts, rules, links, files, dockerdFds, usedMb };
}

/**
 * Moves a container that counts and checks itself there and back, by all strategies in turn.
 * @param onMove told after each move, with the place of the container
 * @throws when a move fails, or the counter does not go on from where it was
 */
export async function pingpong(
  hosts: TwoHosts,
  moves: number,
  onMove: (move: number, strategy: string, downtime: string) => void,
): Promise<void> {
  await startCounter(hosts.a, '', 24);
  let at = hosts;
  let reached = 0;
  for (let move = 0; move < moves; move += 1) {
    const strategy = strategies[Math.floor(move / 2) % strategies.length] ?? 'docker';
    const { manifest } = await moveIt(at, { container: counterName, options: { strategy } });
    if (manifest.outcome !== 'migrated') throw new Error(`move ${move + 1} (${strategy}): ${JSON.stringify(manifest.error)}`);
    at = { a: at.b, b: at.a };
    if (!(await counts(at.a, reached)))
      throw new Error(`move ${move + 1} (${strategy}): the counter does not go on from ${reached}`);
    reached = Number(await onHost(at.a, `docker exec ${counterName} cat /counter`));
    onMove(move + 1, strategy, at.a.name);
  }
  await onHost(at.a, `docker rm -f ${counterName}`);
}
