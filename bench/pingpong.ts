/**
 * Does anything get lost or grow when a container moves to and fro? 100 moves of a Redis with a client at work, all strategies in turn,
 * and what is on both hosts before and after. The exit status is 5 when something has grown that a move could leave.
 * `npm run -s bench:pingpong -- MOVES`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { connectHost } from '../src/hosts/connect.ts';
import type { Host } from '../src/hosts/host.ts';
import { type Footprint, footprint, pingpong } from '../test/pingpong.ts';
import { prepareHosts } from '../test/running-workload.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

const set = 'bench-pingpong';
/**
 * How much of each may be more in the end than before. What a move could leave: nothing. Memory of the daemons rises and falls with their garbage
 * collector, descriptors with their idle connections.
 */
const mostMore: Readonly<Record<keyof Footprint, (before: number) => number>> = {
  ...{ processes: () => 0, mounts: () => 0, rules: () => 0, links: () => 0, files: () => 0 },
  dockerdFds: () => 10,
  usedMb: (before) => 0.25 * before,
};
const say = (line: string) => process.stderr.write(`${line}\n`);

async function soak(moves: number): Promise<string> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-bench-'));
  try {
    await bringUp({ set, cgroup: 'v2', say, signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    const image = await prepareHosts({ a, b });
    await pingpong({ a, b }, { moves: 8, image }, () => {}); // each strategy once, there and back
    const before = { a: await footprint(a), b: await footprint(b) };
    const seen = await pingpong({ a, b }, { moves, image }, (move, strategy, place) => say(`${move}  ${strategy}  on ${place}`));
    const grown = [growth('a', before.a, await settled(a, before.a)), growth('b', before.b, await settled(b, before.b))];
    return `client  ${seen.acknowledged} answers, none wrong or lost, over ${seen.reconnects + 1} connections\n${grown.join('')}`;
  } finally {
    await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

/** What a move leaves behind ends within a moment: sessions of ssh, children of dockerd. */
async function settled(host: Host, before: Footprint): Promise<Footprint> {
  for (let tries = 0; ; tries += 1) {
    const now = await footprint(host);
    if (grownIn(before, now).length === 0 || tries >= 30) return now;
    await sleep(500);
  }
}

function grownIn(before: Footprint, after: Footprint) {
  return kindsOf(before).filter((kind) => after[kind] > before[kind] + mostMore[kind](before[kind]));
}

function kindsOf(print: Footprint) {
  return Object.keys(print) as (keyof Footprint)[];
}

function growth(name: string, before: Footprint, after: Footprint): string {
  const grown = grownIn(before, after);
  if (grown.length > 0) process.exitCode = 5;
  const words = grown.length === 0 ? '' : `; GROWN: ${grown.join(', ')}`;
  return `${name}  ${kindsOf(before)
    .map((kind) => `${kind} ${before[kind]} → ${after[kind]}`)
    .join(', ')}${words}\n`;
}

try {
  const moves = Number(process.argv[2] ?? 100);
  if (!Number.isInteger(moves) || moves < 2)
    throw new TransshipError('usage', `${process.argv[2]} is no number of moves`, 'npm run -s bench:pingpong -- 100');
  process.stdout.write(`pingpong  ${moves} moves, nothing lost\n${await soak(moves)}`);
} catch (error) {
  process.exitCode = reportError(error);
}
