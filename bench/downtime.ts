/**
 * How long does a container stand still, by each strategy? The same Redis is moved by all of them in turns on one pair of test hosts,
 * probes watching; prints a table in Markdown, and the ratios to Docker's own path. `npm run -s bench:downtime -- RUNS KEYS`
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadTrace } from '../src/cli/load-trace.ts';
import { observedUs, tracedUs } from '../src/cli/readings.ts';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { connectHost } from '../src/hosts/connect.ts';
import type { Host } from '../src/hosts/host.ts';
import type { MoveOptions } from '../src/migrate/plan.ts';
import { medianInterval, medianOf } from '../src/trace/median-interval.ts';
import { nsToUs } from '../src/trace/time.ts';
import { installRuntime } from '../src/wrap/install.ts';
import { onHost } from '../test/destination-state.ts';
import { moveIt } from '../test/mover.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';
import { workloadImage } from '../vm/workload-image.ts';

interface Side {
  readonly name: string;
  readonly options: Partial<MoveOptions>;
}

const sides: readonly Side[] = [
  { name: 'docker', options: { strategy: 'docker' } },
  { name: 'cold', options: { strategy: 'cold' } },
  { name: 'diskless', options: { strategy: 'diskless' } },
  { name: 'diskless --plain-pages', options: { strategy: 'diskless', plainPages: true } },
  { name: 'post-copy', options: { strategy: 'post-copy' } },
  { name: 'post-copy --plain-pages', options: { strategy: 'post-copy', plainPages: true } },
];

interface Reading {
  readonly observedMs: number;
  readonly tracedMs: number;
  readonly totalMs: number;
  /** Post-copy: from the resume until the last page has come. */
  readonly tailMs: number | null;
  /** CRIU's own part: its dump until the images are ready, and its restore. */
  readonly criuMs: number;
  readonly explained: number;
}

const set = 'bench-downtime';
const say = (line: string) => process.stderr.write(`${line}\n`);

async function measure(runs: number, keys: number): Promise<ReadonlyMap<string, Reading[]>> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-bench-'));
  const readings = new Map(sides.map(({ name }) => [name, [] as Reading[]]));
  try {
    const { file, reference } = await workloadImage(say);
    await bringUp({ set, cgroup: 'v2', say, signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    await installRuntime(b);
    for (const host of [a, b]) await text(await host.docker.loadImage(createReadStream(file)));
    // the first round warms up
    for (let run = -1; run < runs; run += 1) {
      for (const side of sides) {
        const reading = await moveOnce({ a, b }, side, { reference, keys });
        say(`${run < 0 ? 'warm-up' : `run ${run + 1}`}  ${side.name.padEnd(24)} ${reading.observedMs.toFixed(0)} ms`);
        if (run >= 0) readings.get(side.name)?.push(reading);
      }
    }
    return readings;
  } finally {
    await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

interface Workload {
  readonly reference: string;
  readonly keys: number;
}

async function moveOnce(hosts: { a: Host; b: Host }, side: Side, { reference, keys }: Workload): Promise<Reading> {
  const { a, b } = hosts;
  const wait = 'for i in $(seq 100); do docker exec web redis-cli ping >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1';
  const run = `docker run -d --name web -p 6379:6379 -e TICKER=1 ${reference} --enable-debug-command yes`;
  await onHost(a, `${run} && (${wait}) && docker exec web redis-cli DEBUG POPULATE ${keys} key 96`);
  const { folder, manifest } = await moveIt(hosts, { container: 'web', options: side.options, isProbed: true });
  const trace = loadTrace(folder);
  const [observed, traced] = [observedUs(manifest), tracedUs(trace)];
  if (manifest.outcome !== 'migrated' || observed === null || traced === null)
    throw new TransshipError(
      'failed',
      `${side.name}: ${manifest.error?.message ?? 'no reading'}`,
      'transship doctor test:a test:b',
    );
  const size = await onHost(b, 'docker exec web redis-cli DBSIZE');
  if (Number(size) !== keys)
    throw new TransshipError('failed', `${side.name}: ${size} keys of ${keys}`, 'keep the run and report it');
  await onHost(b, 'docker rm -f web');
  const lengthOf = (name: RegExp) =>
    trace.spans.reduce((sum, span) => (name.test(span.name) ? sum + nsToUs(span.durationNs) / 1e3 : sum), 0);
  const lazyMs = lengthOf(/^criu\.dump\.lazy-pages$/);
  const { bounded, untilNext, inferred } = trace.explained ?? { bounded: 0, untilNext: 0, inferred: 0 };
  return {
    observedMs: observed / 1e3,
    tracedMs: traced / 1e3,
    totalMs: Number(BigInt(manifest.endedNs ?? 0) - BigInt(manifest.createdNs)) / 1e6,
    tailMs: side.options.strategy === 'post-copy' ? lengthOf(/^criu\.lazy-pages$/) : null,
    criuMs: lengthOf(/^criu\.dump$/) - lazyMs + lengthOf(/^criu\.restore$/),
    explained: bounded + untilNext + inferred,
  };
}

function table(readings: ReadonlyMap<string, readonly Reading[]>): string {
  const docker = medianOf((readings.get('docker') ?? []).map(({ observedMs }) => observedMs));
  const rows = [...readings].map(([name, all]) => {
    const observed = medianInterval(all.map(({ observedMs }) => observedMs));
    const median = (of: (reading: Reading) => number) => medianOf(all.map(of));
    const tails = all.flatMap(({ tailMs }) => (tailMs === null ? [] : tailMs));
    return [
      name,
      `${observed.median.toFixed(0)} (${observed.low.toFixed(0)}-${observed.high.toFixed(0)})`,
      `1/${(docker / observed.median).toFixed(1)}`,
      median(({ tracedMs }) => tracedMs).toFixed(0),
      (observed.median / median(({ criuMs }) => criuMs)).toFixed(2),
      `${(median(({ explained }) => explained) * 100).toFixed(1)} %`,
      median(({ totalMs }) => totalMs).toFixed(0),
      tails.length === 0 ? '' : medianOf(tails).toFixed(0),
    ].join(' | ');
  });
  return [
    "| strategy | downtime observed, ms (95 %) | to docker | traced, ms | observed / CRIU's own | explained | whole move, ms | last page after, ms |",
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function machine(runs: number, keys: number): string {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
  return `${keys.toLocaleString('en')} keys, ${runs} runs a side in turns, medians; ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
}

try {
  const [runs, keys] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 1_000_000)];
  if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(keys) || keys < 1)
    throw new TransshipError(
      'usage',
      `${process.argv.slice(2).join(' ')}: not two numbers`,
      'npm run -s bench:downtime -- 10 1000000',
    );
  const [load = 0] = loadavg();
  if (load > 1) say(`warning: the machine is loaded (${load.toFixed(1)}): the figures will be, too`);
  const readings = await measure(runs, keys);
  process.stdout.write(`${machine(runs, keys)}\n\n${table(readings)}\n`);
} catch (error) {
  process.exitCode = reportError(error);
}
