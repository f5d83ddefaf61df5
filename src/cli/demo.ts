import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { missingForTestbed } from '../../vm/prerequisites.ts';
import { readTestbed, testbedSet } from '../../vm/testbed-state.ts';
import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { bounded } from '../migrate/bounded.ts';
import { type Interrupt, interruptSignal } from './interrupt.ts';
import { printMigration } from './migrate.ts';
import { stepReport } from './step-report.ts';
import { type Terminal, terminalOf, withFormat } from './terminal.ts';
import { transshipVersion } from './version-of.ts';

interface Options {
  readonly keep?: boolean;
  readonly keys: string;
}

export const demoCommand: Command = withFormat(
  new Command('demo')
    .summary('two Docker hosts on this machine, a Redis, and its migration explained')
    .option('--keep', 'leave the hosts running')
    .option('--keys <number>', 'keys in Redis', '1000000'),
)
  .addHelpText('after', '\nExample:\n  transship demo --keep && transship testbed exec b -- docker ps')
  .action(run);

/** The run that is shown where no test hosts can be. */
const sampleRun = 'sample-redis';
const container = 'transship-demo';
/** A million of these are some 190 MB in Redis. */
const valueBytes = 96;

async function run(options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const keys = Number(options.keys);
  if (!Number.isInteger(keys) || keys < 1)
    throw new TransshipError('usage', `--keys ${options.keys} is no number of keys`, 'for example --keys 100000');
  const missing = missingForTestbed();
  if (missing.length > 0) return showSample(terminal, missing.join('; '));
  const interrupt = interruptSignal(terminal.say);
  try {
    const wasUp = readTestbed(testbedSet()) !== null;
    const refusal = (await bringUpHosts(terminal, interrupt.signal)) ?? (await criuRefusal(wasUp));
    if (refusal !== null) return await showSample(terminal, refusal);
    await moveAndLeave(terminal, { keys, interrupt, isKept: options.keep === true || wasUp });
  } finally {
    interrupt.release();
  }
}

/** Why they did not come up, in one line; null when they did. What was asked for is not done then: the exit status says so. */
async function bringUpHosts(terminal: Terminal, signal: AbortSignal): Promise<string | null> {
  const { bringUp } = await import('../../vm/testbed-up.ts');
  try {
    await bringUp({ set: testbedSet(), cgroup: 'v2', say: terminal.say, signal });
    return null;
  } catch (error) {
    if (!(error instanceof TransshipError) || !['not-ready', 'failed'].includes(error.code)) throw error;
    process.exitCode = error.exitStatus;
    return `${error.message}; ${error.hint}`.replace(/\s*\n\s*/g, '; ');
  }
}

/** Hosts come up on kernels for which CRIU is no good, too. */
async function criuRefusal(isKept: boolean): Promise<string | null> {
  const { connectHost } = await import('../hosts/connect.ts');
  const { takeDown } = await import('../../vm/testbed-down.ts');
  const host = await connectHost('test:a');
  const { exitCode, stdout, stderr } = await host.shell.run('criu check');
  await host[Symbol.asyncDispose]();
  if (exitCode === 0) return null;
  if (!isKept) await takeDown(testbedSet());
  process.exitCode = 3;
  return `criu check: ${
    `${stderr}\n${stdout}`
      .trim()
      .split('\n')
      .find((line) => line.includes('Error')) ?? `exit status ${exitCode}`
  }`;
}

interface Moving {
  readonly keys: number;
  readonly interrupt: Interrupt;
  /** The hosts stay when it is over. */
  readonly isKept: boolean;
}

async function moveAndLeave(terminal: Terminal, { keys, interrupt, isKept }: Moving): Promise<void> {
  const { takeDown } = await import('../../vm/testbed-down.ts');
  try {
    await moveRedis(terminal, keys, interrupt);
  } finally {
    if (isKept) terminal.say('the hosts stay up: transship testbed exec b -- docker ps, transship testbed down');
    else await takeDown(testbedSet());
  }
}

async function showSample(terminal: Terminal, why: string): Promise<void> {
  terminal.say(`no test hosts here (${why}): this is a recorded run, traces/${sampleRun}`);
  const { openRun } = await import('../evidence/open-run.ts');
  const { printRun } = await import('./show.ts');
  await printRun(terminal, openRun(sampleRun));
}

async function moveRedis(terminal: Terminal, keys: number, interrupt: Interrupt): Promise<void> {
  const { connectHost } = await import('../hosts/connect.ts');
  const { plan } = await import('../migrate/plan.ts');
  const { migrate } = await import('../migrate/migrate.ts');
  const { watchKinds } = await import('../migrate/watch.ts');
  const { signal } = interrupt;
  await using source = await connectHost('test:a', { signal });
  await using destination = await connectHost('test:b', { signal });
  for (const host of [source, destination])
    await host.shell.run(`docker rm -f ${container}; docker volume rm transship-demo-data`);
  await startRedis(terminal, source, keys);
  const before = await contentOf(source);
  const volumes = { all: 'copy', byPlace: {} } as const;
  const chosen = await plan({
    container,
    source,
    destination,
    options: { strategy: 'docker', isPlain: false, plainPages: false, tcpEstablished: false, volumes, dropExecs: false },
  });
  terminal.say(
    `migrate   ${container}: ${source.name} → ${destination.name}, Docker's own path, a probe watching at ${source.address}:6379 and ${destination.address}:6379`,
  );
  const request = { plan: chosen, source, destination, report: stepReport(terminal, interrupt), signal, runName: undefined };
  const { folder, manifest } = await migrate({ ...request, isProbed: true, watched: watchKinds, version: transshipVersion() });
  if (manifest.outcome === 'migrated') compare(terminal, before, await contentOf(destination));
  await printMigration(terminal, folder, manifest);
}

/** A volume is there so that one is seen to be copied. */
async function startRedis(terminal: Terminal, host: Host, keys: number): Promise<void> {
  const { workloadImage } = await import('../../vm/workload-image.ts');
  const image = await workloadImage();
  await loadImage(host, image.file, image.reference);
  const ran = await host.shell.run(
    `docker run -d --name ${container} -p 6379:6379 -e TICKER=1 -v transship-demo-data:/data ${image.reference} --enable-debug-command yes &&
     docker exec ${container} sh -c 'date >/data/made-on-a; until redis-cli ping; do sleep 0.1; done' &&
     docker exec ${container} redis-cli DEBUG POPULATE ${keys} key ${valueBytes}`,
    { timeoutMs: 120_000 },
  );
  if (ran.exitCode !== 0)
    throw new TransshipError(
      'failed',
      `redis on ${host.name}: ${ran.stderr.trim()}`,
      'transship testbed exec a -- docker logs transship-demo',
    );
  terminal.say(`redis     ${container} runs on ${host.name} with ${keys.toLocaleString('en')} keys`);
}

async function loadImage(host: Host, file: string, reference: string): Promise<void> {
  const present = await host.shell.run(`docker image inspect ${reference}`);
  if (present.exitCode === 0) return;
  const process = host.spawn('docker load -q');
  process.stdout.resume();
  await bounded(`docker load on ${host.name}`, 120_000, pipeline(createReadStream(file), process.stdin));
  const { exitCode, stderr } = await process.ended;
  if (exitCode !== 0)
    throw new TransshipError('failed', `docker load on ${host.name}: ${stderr.trim()}`, 'is its disk full? df -h');
}

interface Content {
  readonly keys: string;
  readonly digest: string;
  readonly file: string;
}

async function contentOf(host: Host): Promise<Content> {
  const { stdout, stderr, exitCode } = await host.shell.run(
    `docker exec ${container} sh -ec 'redis-cli DBSIZE; redis-cli DEBUG DIGEST; cat /data/made-on-a'`,
    { timeoutMs: 60_000 },
  );
  const [keys = '', digest = '', file = ''] = stdout.split('\n');
  if (exitCode !== 0 || keys === '' || digest === '' || file === '')
    throw new TransshipError(
      'failed',
      `redis on ${host.name} does not say what it holds: ${stderr.trim()}`,
      'keep the run and report it',
    );
  return { keys, digest, file };
}

function compare(terminal: Terminal, before: Content, after: Content): void {
  const isSame = before.keys === after.keys && before.digest === after.digest && before.file === after.file;
  if (!isSame)
    throw new TransshipError(
      'failed',
      `the data differs: ${JSON.stringify(before)} on a, ${JSON.stringify(after)} on b`,
      'keep the run and report it',
    );
  terminal.say(
    `same      ${after.keys} keys, digest ${after.digest.slice(0, 12)}…, and the file in its volume, before and after`,
  );
}
