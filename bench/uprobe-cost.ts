/**
 * What do probes in Docker's programs cost a move? The cost of one passage (a loop of bash, probed where it runs `:`), how many there are in the
 * downtime of a move by Docker's own path, and so their share of it; and, with `--pairs N`, downtimes of N pairs of moves with and without.
 * `npm run -s bench:uprobes -- [--pairs N]`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { loadTrace } from '../src/cli/load-trace.ts';
import { tracedUs } from '../src/cli/readings.ts';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { hostEvidence } from '../src/evidence/run-folder.ts';
import { connectHost } from '../src/hosts/connect.ts';
import type { Host } from '../src/hosts/host.ts';
import { quoteWord } from '../src/hosts/link.ts';
import { openPlaces } from '../src/migrate/uprobes.ts';
import { readKernelText } from '../src/trace/kernel-text.ts';
import { medianInterval, medianOf, medianRatio } from '../src/trace/median-interval.ts';
import { readOne } from '../src/uprobes/byte-source.ts';
import { readElf, sectionAt, sectionNamed, stringAt, toNumber } from '../src/uprobes/elf.ts';
import { hostFileSource } from '../src/uprobes/host-program.ts';
import { counterName, startCounter } from '../test/host-faults.ts';
import { moveIt } from '../test/mover.ts';
import type { TwoHosts } from '../test/two-hosts.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

const set = 'bench-uprobes';
const rounds = 11;
const turns = 100_000;
/** What it may cost at most, in per cent of the downtime. */
const limit = 2;
/** Its own file: a place in the host's bash would be in every bash of the machine. */
const probed = '/tmp/transship-bash';
/** Of processor time, so that what else the machine does is not in it. */
const loop = `TIMEFORMAT='%3U %3S'; time ${probed} -c 'for ((i = 0; i < ${turns}; i++)); do :; done'`;

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Offset in bash of what its `:` is, which it exports for loadable builtins. */
async function colonOffset(host: Host): Promise<number> {
  const elf = await readElf(hostFileSource(host, '/usr/bin/bash'));
  const [symbols, strings] = [sectionNamed(elf, '.dynsym'), sectionNamed(elf, '.dynstr')];
  if (symbols === undefined || strings === undefined) throw new TransshipError('failed', 'bash exports nothing', 'another bash');
  const table = await readOne(elf.source, symbols.offset, symbols.bytes);
  const names = await readOne(elf.source, strings.offset, strings.bytes);
  for (let at = 0; at + 24 <= table.length; at += 24) {
    if (stringAt(names, table.readUInt32LE(at)) !== 'colon_builtin') continue;
    const address = toNumber(table.readBigUInt64LE(at + 8));
    const section = sectionAt(elf, address);
    if (section !== undefined) return address - section.address + section.offset;
  }
  throw new TransshipError('failed', 'bash does not export its colon_builtin', 'another bash');
}

/** Nanoseconds of a passage that is noted: with and without, one after the other. */
async function hitCosts(host: Host): Promise<readonly number[]> {
  const place = `p:GROUP/enter ${probed}:0x${(await colonOffset(host)).toString(16)} n=\\0:u32 g=%r14:x64`;
  await host.shell.run(`cp /usr/bin/bash ${probed}`);
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const plainUs = await timed(host);
    await using _places = await openPlaces(host, 'none', [place]);
    costs.push(((await timed(host)) - plainUs) * (1e3 / turns));
  }
  return costs;
}

/** Microseconds of a process on a connection of ours, which is followed. */
async function timed(host: Host): Promise<number> {
  const process = host.spawn(`bash -c ${quoteWord(loop)} 2>&1`);
  process.stdin.end();
  const [user, system] = (await text(process.stdout)).split(' ').map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 1e6;
}

async function moveOnce(hosts: TwoHosts, isUprobed: boolean): Promise<{ downtimeUs: number; hits: number }> {
  await startCounter(hosts.a, '', 64);
  const { folder, manifest } = await moveIt(hosts, { container: counterName, isUprobed });
  const trace = loadTrace(folder);
  await hosts.b.shell.run(`docker rm -f ${counterName}`, { timeoutMs: 60_000 });
  const { downtime } = trace;
  const downtimeUs = tracedUs(trace);
  if (manifest.outcome !== 'migrated' || downtime === null || downtimeUs === null)
    throw new TransshipError('failed', manifest.error?.message ?? 'it did not move', 'transship doctor test:a test:b');
  if (!isUprobed) return { downtimeUs, hits: 0 };
  const lines = ['a', 'b'].flatMap(
    (host) => readKernelText(readFileSync(join(hostEvidence(folder, host), 'uprobes.trace'), 'utf8'))?.lines ?? [],
  );
  // test hosts have one clock, so that no offset is taken off
  return { downtimeUs, hits: lines.filter(({ atNs }) => downtime.startNs <= atNs && atNs <= downtime.endNs).length };
}

async function measure(pairs: number): Promise<void> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-bench-'));
  try {
    await bringUp({ set, cgroup: 'v2', say: (line) => process.stderr.write(`${line}\n`), signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    const costNs = medianInterval(await hitCosts(a));
    print(
      `passage   ${costNs.median.toFixed(0)} ns (${costNs.low.toFixed(0)}-${costNs.high.toFixed(0)}, ${rounds} rounds of ${turns})`,
    );
    await moveOnce({ a, b }, true); // warms up
    const plain: number[] = [];
    const traced: number[] = [];
    const { downtimeUs, hits } = await moveOnce({ a, b }, true);
    const share = (hits * costNs.median) / 1e3 / downtimeUs;
    const verdict = 100 * share <= limit ? 'within' : 'OVER';
    const shareText = `${(100 * share).toFixed(3)} % of the downtime (${(downtimeUs / 1e3).toFixed(0)} ms)   ${verdict} ${limit} %`;
    print(`a move    ${hits} passages × ${costNs.median.toFixed(0)} ns = ${shareText}`);
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const isUprobed of pair % 2 === 0 ? [false, true] : [true, false])
        (isUprobed ? traced : plain).push((await moveOnce({ a, b }, isUprobed)).downtimeUs);
    }
    if (pairs === 0) return;
    const { median, low, high } = medianRatio(plain, traced);
    const ms = [plain, traced].map((side) => (medianOf(side) / 1e3).toFixed(0));
    print(
      `pairs     probed / not ${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)}, ${pairs} pairs, medians ${ms[1]} / ${ms[0]} ms)`,
    );
  } finally {
    await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

try {
  const { values } = parseArgs({ options: { pairs: { type: 'string', default: '0' } } });
  const pairs = Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 0)
    throw new TransshipError('usage', `${values.pairs} is no number of pairs`, 'npm run -s bench:uprobes -- --pairs 10');
  await measure(pairs);
} catch (error) {
  process.exitCode = reportError(error);
}
