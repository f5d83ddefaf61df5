import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../src/hosts/host.ts';
import { builtProgram, transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { counterName, reviveDockerd, startCounter } from '../host-faults.ts';
import type { TwoHosts } from '../two-hosts.ts';
import { beginOf, type Command, killOf, manifestOf, untilJournal } from './command.ts';
import { type Cell, type Fault, faults, wayOf } from './faults.ts';
import { judge, notStruck, type Verdict } from './judge.ts';
import { armedAt, seenAt, stepAt } from './moments.ts';
import { copiesOn, leftoversOn } from './state.ts';
import { type Answer, endWriters, startWriters } from './writer.ts';

/** So that pages are still to come when the fault strikes; elsewhere little, as it only takes time. */
const memoryMb = (cell: Cell) => (cell.strategy === 'post-copy' && ['verify', 'rest'].includes(cell.moment) ? 150 : 20);

const limitMs = 30_000;
/** A dockerd that hangs is waited for in several places, each with a limit of its own. */
const longestMs = 900_000;

/** What a cell was about when it ended. */
export interface Played {
  readonly cell: Cell;
  /** In which of its ways the fault struck. */
  readonly how: string;
  readonly run: string;
  readonly struck: boolean;
  /** A file was written after the first copy of the files. */
  readonly isLate: boolean;
  readonly exitCode: number | null;
  readonly printed: string;
  /** What every later command of it said. */
  readonly recovered: readonly { readonly exitCode: number | undefined; readonly printed: string }[];
  /** Hosts on which the container made progress while both halves were said to be held. */
  readonly runningHalves: readonly string[];
  readonly before: { readonly a: readonly string[]; readonly b: readonly string[] };
  /** Where the counter stood before. */
  readonly from: number;
  /** What clients were answered that wrote all the time. */
  readonly answers: readonly Answer[];
}

/** dockerd comes back to its containerd in its own time after that was killed. */
async function begin(host: Host, memoryMb: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await startCounter(host, '--restart unless-stopped', memoryMb, true);
      return;
    } catch (error) {
      if (tries > 5 || !/connection error/.test(String(error))) throw error;
      await sleep(3_000);
      await host.shell.run(`docker rm -f ${counterName}`, { timeoutMs: limitMs });
    }
  }
}

/** A process that lives for some 40 ms may be over before it is struck at: that says nothing, and is played again, three times in all. */
export async function playUntilStruck(hosts: TwoHosts, cell: Cell, variant = 0): Promise<Verdict> {
  let verdict = await playCell(hosts, cell, variant);
  for (let again = 1; again <= 2 && verdict.wrong[0] === notStruck; again += 1)
    verdict = await playCell(hosts, cell, variant, again);
  return verdict;
}

/** One move with one fault, by the command as a user types it, and what has become of it. */
async function playCell(hosts: TwoHosts, cell: Cell, variant = 0, again = 0): Promise<Verdict> {
  const run = `${Object.values(cell)
    .join('-')
    .replace(/[^a-z0-9-]+/gi, '-')}-${variant}${again === 0 ? '' : `-${again}`}`;
  const fault = faults[cell.fault] as Fault;
  const way = wayOf(fault, variant);
  try {
    await begin(hosts.a, memoryMb(cell));
    const from = Number(await onHost(hosts.a, `docker exec ${counterName} cat /counter`));
    const before = { a: await leftoversOn(hosts.a), b: await leftoversOn(hosts.b) };
    await startWriters(hosts);
    const strike = strikerOf(hosts, { cell, fault, words: way.words });
    const { command, struck, isLate } = await move(hosts, { cell, run, strike });
    const { exitCode, stdout, stderr } = await command;
    await mend(hosts, fault);
    const printed = `${stdout}\n${stderr}`;
    const recovered = await bringToEnd(run);
    const halves = await goOneWay(hosts, [printed, ...recovered.map((each) => each.printed)].join('\n'), run);
    const ended = { exitCode: exitCode ?? null, printed, recovered: [...recovered, ...(halves === null ? [] : [halves])] };
    return await judge(hosts, {
      cell,
      how: way.how,
      run,
      struck,
      isLate,
      ...ended,
      runningHalves: halves?.running ?? [],
      before,
      from,
      answers: await endWriters(hosts),
    });
  } finally {
    await mend(hosts, fault);
    await endWriters(hosts);
    await clear(hosts);
  }
}

/** @returns false when there was nothing to strike at */
type Strike = (command: Command | null) => Promise<boolean>;

function strikerOf(hosts: TwoHosts, { cell, fault, words }: { cell: Cell; fault: Fault; words: string }): Strike {
  const seen = seenAt(cell.moment, cell.strategy);
  return async (command) => {
    // the way is open before: what is struck at may be gone in tens of milliseconds
    await using shell = fault.on === 'controller' ? null : await hosts[fault.on].openShell();
    if (seen !== null) {
      await using watch = await hosts[seen.on].openShell();
      const wait = `for i in $(seq 5000); do ${seen.test} && exit 0; sleep 0.001; done; exit 1`;
      if ((await watch.run(wait, { timeoutMs: limitMs })).exitCode !== 0) return false;
    }
    if (shell !== null) return (await shell.run(words, { timeoutMs: limitMs })).exitCode === 0;
    if (command !== null) killOf(command, words);
    return command !== null;
  };
}

interface Moving {
  readonly cell: Cell;
  readonly run: string;
  readonly strike: Strike;
}

async function move({ a }: TwoHosts, { cell: { strategy, moment }, run, strike }: Moving) {
  const words = ['migrate', counterName, 'test:b', '--from', 'test:a', '--no-probe', '--strategy', strategy, '--name', run];
  const isBefore = moment === 'before' && (await strike(null));
  const command = builtProgram('src/cli/main.js', words, {}, longestMs);
  const until = (step: string) => untilJournal(command, run, beginOf(step));
  const late = until(stepAt('ready', strategy)).then(async (isReached) => {
    // by its root: a dockerd that is dead, or a container that stands still, does not matter
    if (isReached) await onHost(a, "echo late >$(grep -ls '^perl$' /proc/[0-9]*/comm | sed 's/comm$//')root/late");
    return isReached;
  });
  if (moment !== 'before' && moment !== 'files') await late;
  const struck = isBefore || ((await until(armedAt(moment, strategy))) && (await strike(command)));
  return { command, struck, isLate: await late };
}

/** Where nobody knew, or the controller was killed, the next command has to bring it to its end. */
async function bringToEnd(run: string): Promise<Played['recovered']> {
  const manifest = manifestOf(run);
  if (manifest === null || (manifest.outcome !== null && manifest.outcome !== 'lost')) return [];
  const { exitCode, stdout, stderr } = await transship(['recover', run]);
  return [{ exitCode, printed: `${stdout}\n${stderr}` }];
}

/** Of the ways that are printed, as they are printed, the first that remains; once it is known that both halves stand still. */
async function goOneWay(hosts: TwoHosts, printed: string, run: string) {
  if (manifestOf(run)?.outcome !== 'halves-kept') return null;
  const copies = { a: await copiesOn(hosts.a), b: await copiesOn(hosts.b) };
  const running = (['a', 'b'] as const).filter((name) => copies[name].some(({ isLive }) => isLive));
  for (const host of [hosts.a, hosts.b]) await reviveDockerd(host);
  const words = /\(transship (recover \S+ --go-(?:on|back))\)/.exec(printed)?.[1] ?? 'recover nothing-was-printed';
  const { exitCode, stdout, stderr } = await transship(words.split(' '));
  return { exitCode, printed: `${stdout}\n${stderr}`, running };
}

async function mend(hosts: TwoHosts, fault: Fault): Promise<void> {
  if (fault.on !== 'controller' && fault.mend !== undefined)
    await hosts[fault.on].shell.run(`{ ${fault.mend}; } 2>/dev/null`, { timeoutMs: limitMs });
}

/** For the next one. What should not be there was reported. */
async function clear({ a, b }: TwoHosts): Promise<void> {
  // dockerd starts its containerd again by itself, and takes its time
  const containerd =
    'for i in $(seq 300); do ctr -a /run/docker/containerd/containerd.sock version >/dev/null 2>&1 && exit; sleep 0.1; done';
  for (const host of [a, b]) {
    await reviveDockerd(host);
    await host.shell.run(containerd, { timeoutMs: 60_000 });
  }
  const script = `pkill -9 -f '^bash .*/run/transship/'; pkill -9 -f '^(criu|ssh -fNM)'; timeout 30 docker rm -f $(docker ps -aq)
    awk '$5 ~ "^/run/transship/|/[.]criu[.]|/criu-root$" { print $5 }' /proc/self/mountinfo | sort -r | while read -r m; do umount $m; done
    rm -rf --one-file-system /run/transship /tmp/ctrd-checkpoint*; true`;
  for (const host of [a, b]) await host.shell.run(script, { timeoutMs: 60_000 });
}
