import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../../test/destination-state.ts';
import { startLoad } from './load.ts';
import { moveOnce, usualMs } from './move.ts';
import type { Part } from './part.ts';
import { type Goal, goalTable, spread, table } from './report.ts';
import { inRounds } from './rounds.ts';
import type { TestPair } from './test-pair.ts';
import { expectKeys, populate, tickerGap } from './workload.ts';

/** A plain folder of the machine's disk on the test hosts, where all else is an overlay, which CRIU without Docker does not take. */
const folder = '/var/lib/docker/bare';
const client = `chroot ${folder}/root redis-cli`;
const kinds = ['diskless', 'post-copy'] as const;

/** On the host's network, both: the bare tree has no other, and a network namespace would be one more thing to dump and to restore. */
export const bareCriu: Part = {
  name: 'criu',
  about: 'diskless and post-copy against criu and a shell script, without Docker',
  runs: 10,
  measure: async (pair, { runs, keys, say }) => {
    for (const host of [pair.a, pair.b]) await unpackImage(host, pair.image.file);
    const workload = { reference: pair.image.reference, keys, network: 'host' } as const;
    const load = { command: 'GET', keys } as const;
    const ours = (strategy: (typeof kinds)[number], plainPages: boolean) => async () =>
      (await moveOnce({ ...pair, workload, options: { strategy, plainPages }, load })).observedMs;
    const sides = kinds.flatMap((kind) => [
      { name: `${kind} by criu`, once: () => bareMove(pair, kind, keys) },
      { name: `${kind} --plain-pages`, once: ours(kind, true) },
      { name: kind, once: ours(kind, false) },
    ]);
    const { readings, warnings } = await inRounds<number>(sides, { runs, say, signal: pair.signal, figure: (ms) => ms });
    const rows = [...readings].map(([name, observedMs]) => [name, spread(observedMs)]);
    const goals = kinds.flatMap((kind): Goal[] => {
      const to = (name: string) => ({ oursMs: readings.get(name) ?? [], anchorMs: readings.get(`${kind} by criu`) ?? [] });
      return [
        { what: `${kind} --plain-pages / by criu, plain too`, ...to(`${kind} --plain-pages`), most: 1.5 },
        { what: `${kind}, encrypted / by criu, plain`, ...to(kind), most: null },
      ];
    });
    const tables = [table(['on the host network', 'observed, ms (95 %)'], rows), goalTable(goals)];
    return [...tables, ...warnings.map((words) => `warning: ${words}`)].join('\n\n');
  },
};

/** The image's one layer becomes a root file system, which is mounted on itself for pivot_root; `run` is on memory. */
async function unpackImage(host: Host, file: string): Promise<void> {
  const script = `set -e; mkdir -p ${folder}/image ${folder}/root ${folder}/run; tar -C ${folder}/image -xf -
    tar -C ${folder}/root -xf ${folder}/image/layer.tar; rm -r ${folder}/image
    mount --bind ${folder}/root ${folder}/root; mount -t tmpfs tmpfs ${folder}/run`;
  const unpacking = host.spawn(script);
  await pipeline(createReadStream(file), unpacking.stdin);
  const { exitCode, stderr } = await unpacking.ended;
  if (exitCode !== 0) throw new Error(`${host.name}: the image could not be unpacked: ${stderr}`);
}

async function bareMove({ a, b }: TestPair, kind: (typeof kinds)[number], keys: number): Promise<number> {
  await endTree(a);
  await endTree(b);
  const pid = await runScript(a, 'bare-workload', [folder]);
  await populate(a, client, keys);
  await using asking = startLoad([a, b], { command: 'GET', keys });
  await sleep(usualMs);
  const movedMs = performance.timeOrigin + performance.now();
  await runScript(a, 'bare-move', [kind, folder, pid, a.address ?? '', b.address ?? '']);
  await sleep(500); // the ticker writes after its first tick
  await asking.stop();
  const gap = await tickerGap(b, `cat ${folder}/root/run/ticker/gaps`, movedMs);
  await expectKeys(b, client, keys);
  await endTree(b);
  return gap.endMs - gap.startMs;
}

async function runScript(host: Host, name: string, words: readonly string[]): Promise<string> {
  const script = readFileSync(join(packageRoot(), 'bench/downtime', `${name}.sh`), 'utf8');
  await host.shell.run(`cat >${folder}/${name}`, { stdin: script });
  const { exitCode, stdout, stderr } = await host.shell.run(`bash ${folder}/${name} ${words.join(' ')}`, { timeoutMs: 120_000 });
  if (exitCode !== 0) throw new Error(`${name} on ${host.name}: ${stderr.trim() || stdout.trim() || `status ${exitCode}`}`);
  return stdout.trim();
}

/** With its init all of a pid namespace ends; also what a run before has left that failed. A test host sees its own processes alone. */
async function endTree(host: Host): Promise<void> {
  const script =
    "pkill -KILL -x 'redis-server|criu'; for i in $(seq 50); do pgrep -x redis-server >/dev/null || exit 0; sleep 0.1; done";
  await onHost(host, script);
}
