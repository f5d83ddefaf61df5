import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';
import type { Host } from '../src/hosts/host.ts';
import type { MoveOptions } from '../src/migrate/plan.ts';
import { onHost } from './destination-state.ts';
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

/** Bound into the container, and copied with every move. */
const bound = '/srv/pingpong/data';

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

/** What the client saw from the first move to the last. */
export interface Attached {
  /** Answers, each larger than the one before; a connection is closed with each move, as the address changes. */
  readonly acknowledged: number;
  readonly reconnects: number;
  readonly wrong: number;
}

/**
 * Moves a Redis there and back, by all strategies in turn, with a client attached throughout that has it count. Its own check is the digest of
 * all of its keys.
 * @param onMove told after each move, with the place of the container
 * @throws when a move fails, a key is not what it was, the count does not go on, or the client saw a wrong answer
 */
export async function pingpong(
  hosts: TwoHosts,
  { moves, image }: { readonly moves: number; readonly image: string },
  onMove: (move: number, strategy: string, place: string) => void,
): Promise<Attached> {
  const ready = 'for i in $(seq 100); do docker exec web redis-cli ping 2>/dev/null && break; sleep 0.1; done';
  const run = `docker run -d --name web -p 6379:6379 -v ${bound}:/bound ${image} --enable-debug-command yes`;
  await onHost(hosts.a, `mkdir -p ${bound} && echo bound >${bound}/file && ${run} && ${ready}`);
  await redis(hosts.a, 'DEBUG POPULATE 100000 key 96');
  const digest = await redis(hosts.a, 'DEBUG DIGEST'); // of database 0 alone while the client has not begun
  const client = attach(hosts);
  let at = hosts;
  for (let move = 0; move < moves; move += 1) {
    const strategy = strategies[Math.floor(move / 2) % strategies.length] ?? 'docker';
    const failed = (what: string) => new Error(`move ${move + 1} (${strategy}): ${what}`);
    const reached = await workOn(at.a);
    const { manifest } = await moveIt(at, { container: 'web', options: { strategy } });
    if (manifest.outcome !== 'migrated') throw failed(JSON.stringify(manifest.error));
    at = { a: at.b, b: at.a };
    // what was copied stays with its owner, and would be in the way of the next move
    await onHost(at.b, `rm -r ${dirname(bound)}`);
    if ((await onHost(at.a, 'docker exec web cat /bound/file')) !== 'bound') throw failed('what was bound into it has not come');
    if (!(await goesOn(at.a, reached))) throw failed(`the client's count does not go on from ${reached}`);
    onMove(move + 1, strategy, at.a.name);
  }
  client.stdin.end();
  const attached = JSON.parse((await client).stdout) as Attached;
  if (attached.wrong > 0 || (await workOn(at.a)) < attached.acknowledged)
    throw new Error(`the client saw ${JSON.stringify(attached)}, and the container has counted to ${await workOn(at.a)}`);
  await redis(at.a, '-n 1 FLUSHDB');
  if ((await redis(at.a, 'DEBUG DIGEST')) !== digest) throw new Error('the keys are not what they were');
  await onHost(at.a, `docker rm -f web && rm -r ${dirname(bound)}`);
  return attached;
}

function redis(host: Host, command: string): Promise<string> {
  return onHost(host, `docker exec web redis-cli ${command}`);
}

async function workOn(host: Host): Promise<number> {
  return Number(await redis(host, '-n 1 GET work'));
}

/** The client has found it at its new place, and is answered. */
async function goesOn(host: Host, from: number): Promise<boolean> {
  const first = Math.max(from, await workOn(host));
  for (let tries = 0; tries < 50; tries += 1) {
    await sleep(100);
    if ((await workOn(host)) > first) return true;
  }
  return false;
}

function attach({ a, b }: TwoHosts) {
  const words = [join(packageRoot(), 'test/fixtures/counting-client.mjs'), `${a.address}:6379`, `${b.address}:6379`];
  return execa('nsenter', [...a.networkPrefix.slice(1), 'node', ...words], { stdin: 'pipe', reject: false });
}
