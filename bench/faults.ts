/**
 * What happens to a container whose move is disturbed? One move with one fault a cell, on two real hosts; a pairwise cover of faults, steps
 * and strategies, as a table in Markdown. The exit status is 5 when a cell is not as it has to be.
 * `npm run -s bench:faults -- [WORDS]`: only cells of which a line "strategy step fault" has these words (a regular expression);
 * `-- WORDS every`: of all that are possible, not of the cover alone
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportError } from '../src/cli/terminal.ts';
import { connectHost } from '../src/hosts/connect.ts';
import { messageOf } from '../src/migrate/engine.ts';
import { installRuntime } from '../src/wrap/install.ts';
import { playUntilStruck } from '../test/faults/cell.ts';
import { pairwiseCover } from '../test/faults/cover.ts';
import { type Cell, possibleCells } from '../test/faults/faults.ts';
import type { Verdict } from '../test/faults/judge.ts';
import { goingOnLine, heading, lineOf, rowOf, wordsOf } from '../test/faults/table.ts';
import type { TwoHosts } from '../test/two-hosts.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

const set = process.env.TRANSSHIP_TESTBED ?? 'bench-faults';
/** Each combination that is possible, and not the cover alone. */
const isEvery = process.argv[3] === 'every';
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Of a fault that has several ways each cell takes the next. */
async function playAll(hosts: TwoHosts, wanted: RegExp): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  process.stdout.write(heading);
  const played = new Map<string, number>();
  for (const cell of isEvery ? possibleCells() : pairwiseCover(possibleCells())) {
    const variant = played.get(cell.fault) ?? 0;
    played.set(cell.fault, variant + 1);
    if (!wanted.test(wordsOf(cell))) continue;
    const began = performance.now();
    const verdict = await playUntilStruck(hosts, cell, variant).catch((error) => brokenOff(cell, error));
    say(`${lineOf(verdict)} (${Math.round((performance.now() - began) / 1e3)} s)`);
    if (verdict.wrong.length > 0) say(verdict.printed.replace(/^/gm, '    '));
    process.stdout.write(rowOf(verdict));
    verdicts.push(verdict);
  }
  return verdicts;
}

function brokenOff(cell: Cell, error: unknown): Verdict {
  return {
    cell,
    how: '',
    outcomes: [],
    liveOn: [],
    freezeMs: null,
    goingOnMs: null,
    left: [],
    wrong: [`broken off: ${messageOf(error).slice(-300)}`],
    printed: '',
  };
}

async function bench(wanted: RegExp): Promise<readonly Verdict[]> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-faults-'));
  try {
    await bringUp({ set, cgroup: 'v2', say, signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    await installRuntime(b);
    return await playAll({ a, b }, wanted);
  } finally {
    if (process.env.TRANSSHIP_KEEP !== '1') await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

try {
  const verdicts = await bench(new RegExp(process.argv[2] ?? ''));
  process.stdout.write(`\n${goingOnLine(verdicts)}\n`);
  if (verdicts.some(({ wrong }) => wrong.length > 0)) process.exitCode = 5;
} catch (error) {
  process.exitCode = reportError(error);
}
