import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../../test/destination-state.ts';
import { startLoad } from './load.ts';
import { moveOnce, usualMs } from './move.ts';
import type { Part } from './part.ts';
import { goalTable, spread, table } from './report.ts';
import { inRounds } from './rounds.ts';
import type { TestPair } from './test-pair.ts';
import { expectKeys, populate, redisWords, tickerGap, workloadName } from './workload.ts';

/** Its storage on the one folder of a test host that is no overlay. */
const command = 'podman --root /var/lib/docker/podman --runroot /run/podman --cgroup-manager cgroupfs --runtime runc';
const client = `${command} exec ${workloadName} redis-cli`;
const archive = '/dev/shm/podman.tar';
const ours = ['docker', 'diskless', 'post-copy'] as const;

export const podman: Part = {
  name: 'podman',
  about: "podman container checkpoint --export, copy, restore --import, against Docker's own path and ours",
  runs: 10,
  extra: ['podman', 'conmon', 'netavark'],
  measure: async (pair, { runs, keys, say }) => {
    for (const host of [pair.a, pair.b]) await loadImage(host, pair.image.file);
    const workload = { reference: pair.image.reference, keys, network: 'host' } as const;
    const load = { command: 'GET', keys } as const;
    const sides = [
      { name: 'podman', once: () => podmanMove(pair, keys) },
      ...ours.map((strategy) => ({
        name: strategy,
        once: async () => (await moveOnce({ ...pair, workload, options: { strategy }, load })).observedMs,
      })),
    ];
    const { readings, warnings } = await inRounds<number>(sides, { runs, say, signal: pair.signal, figure: (ms) => ms });
    const ms = (name: string) => readings.get(name) ?? [];
    const rows = [...readings].map(([name, observedMs]) => [name, spread(observedMs)]);
    const goals = ours.map((name) => ({ what: `${name} / podman`, oursMs: ms(name), anchorMs: ms('podman'), most: null }));
    const version = (await onHost(pair.b, 'podman --version')).replace('podman version ', 'podman ');
    const tables = [table([`on the host network; ${version}`, 'observed, ms (95 %)'], rows), goalTable(goals)];
    return [...tables, ...warnings.map((words) => `warning: ${words}`)].join('\n\n');
  },
};

/** A limit on processes needs a controller that a test host of cgroup v2 may not have. */
async function loadImage(host: Host, file: string): Promise<void> {
  await onHost(host, "mkdir -p /etc/containers; printf '[containers]\\npids_limit=0\\n' >/etc/containers/containers.conf");
  const loading = host.spawn(`${command} load -q`);
  await pipeline(createReadStream(file), loading.stdin);
  const { exitCode, stderr } = await loading.ended;
  if (exitCode !== 0) throw new Error(`${host.name}: podman load: ${stderr}`);
}

/** As its manual has it, but uncompressed and on memory, and by one command: nothing waits for this controller. */
async function podmanMove({ a, b, image }: TestPair, keys: number): Promise<number> {
  await clear([a, b]);
  const words = `--name ${workloadName} --network host -e TICKER=1 localhost/${image.reference} ${redisWords}`;
  await onHost(a, `${command} run -d ${words}`);
  await populate(a, client, keys);
  await using asking = startLoad([a, b], { command: 'GET', keys });
  await sleep(usualMs);
  const movedMs = performance.timeOrigin + performance.now();
  const arrive = `cat >${archive} && ${command} container restore --import ${archive}`;
  await onHost(
    a,
    `${command} container checkpoint --export ${archive} --compress none ${workloadName} && ssh root@${b.address} '${arrive}' <${archive}`,
  );
  await sleep(500); // the ticker writes after its first tick
  await asking.stop();
  const gap = await tickerGap(b, `${command} exec ${workloadName} cat /run/ticker/gaps`, movedMs);
  await expectKeys(b, client, keys);
  await clear([a, b]);
  return gap.endMs - gap.startMs;
}

/** Also what a run before has left that failed. */
async function clear(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) await onHost(host, `${command} rm -f ${workloadName} >/dev/null 2>&1; rm -f ${archive}`);
}
