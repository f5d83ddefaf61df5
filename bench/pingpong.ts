/**
 * Does anything get lost or grow when a container moves to and fro? 100 moves of a Redis with a client at work, all strategies in turn,
 * and what is on both hosts before and after. `npm run -s bench:pingpong -- MOVES`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { connectHost } from '../src/hosts/connect.ts';
import { installRuntime } from '../src/wrap/install.ts';
import { bringWorkload, type Footprint, footprint, pingpong } from '../test/pingpong.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

const set = 'bench-pingpong';
const say = (line: string) => process.stderr.write(`${line}\n`);

async function soak(moves: number): Promise<string> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-bench-'));
  try {
    await bringUp({ set, cgroup: 'v2', say, signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    for (const host of [a, b]) await installRuntime(host);
    const image = await bringWorkload({ a, b });
    await pingpong({ a, b }, { moves: 8, image }, () => {}); // each strategy once, there and back
    const before = { a: await footprint(a), b: await footprint(b) };
    const seen = await pingpong({ a, b }, { moves, image }, (move, strategy, place) => say(`${move}  ${strategy}  on ${place}`));
    const grown = [growth('a', before.a, await footprint(a)), growth('b', before.b, await footprint(b))];
    return `client  ${seen.acknowledged} answers, none wrong or lost, over ${seen.reconnects + 1} connections\n${grown.join('')}`;
  } finally {
    await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

function growth(name: string, before: Footprint, after: Footprint): string {
  const kinds = Object.keys(before) as (keyof Footprint)[];
  return `${name}  ${kinds.map((kind) => `${kind} ${before[kind]} → ${after[kind]}`).join(', ')}\n`;
}

try {
  const moves = Number(process.argv[2] ?? 100);
  if (!Number.isInteger(moves) || moves < 2)
    throw new TransshipError('usage', `${process.argv[2]} is no number of moves`, 'npm run -s bench:pingpong -- 100');
  process.stdout.write(`pingpong  ${moves} moves, nothing lost\n${await soak(moves)}`);
} catch (error) {
  process.exitCode = reportError(error);
}
