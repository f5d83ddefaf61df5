import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { bounded } from '../bounded.ts';
import type { Move, Step, StepDetail } from '../step.ts';
import { type MarkedRound, readRound } from './round-marks.ts';
import { directOf } from './stage-step.ts';
import { judge, type Round, withDefaults } from './stop-rule.ts';
import { roundLine, type Sample, sendingLine } from './transfer-progress.ts';

/** CRIU has a limit of its own there (settings: limit_s); what it wrote must be sent as well. */
const roundLimitMs = 1_800_000;

/** The container goes on all the time, but for a moment in each round. */
export const preDump: Step = {
  name: 'pre-dump',
  on: 'source',
  about: 'rounds of runc checkpoint --pre-dump while the container works, until another would not pay',
  do: async (move) => {
    const limits = withDefaults(move.plan.options.preCopy);
    const rounds: Round[] = [];
    for (let verdict = judge(rounds, limits); ; verdict = judge(rounds, limits)) {
      if (!verdict.goesOn) return summaryOf(rounds, verdict.reason);
      if (move.signal.aborted) throw new TransshipError('interrupted', 'interrupted', 'the container never stood still');
      rounds.push(await round(move, rounds.length + 1));
    }
  },
  undo: waitForRound,
};

async function round(move: Move, number: number): Promise<Round> {
  const begunMs = performance.now();
  const marked = await runRound(move, number);
  const { frozenUs, ...counts } = marked;
  const done = { ...counts, durationMs: Math.round(performance.now() - begunMs) };
  move.note('pre-dump', move.source, { iteration: number, ...done, frozenUs });
  move.report.progress(roundLine(number, done));
  return done;
}

async function runRound(move: Move, number: number): Promise<MarkedRound> {
  const { folder } = directOf(move);
  const process = move.source.spawn(`exec bash ${folder}/pre-dump ${folder} ${number}`);
  process.stdin.end();
  const said = text(process.stdout);
  const place = `pre-dump ${number} on ${move.source.name}`;
  const ended = bounded(place, roundLimitMs, process.ended);
  const samples: Sample[] = [{ atMs: performance.now(), bytes: 0 }];
  while ((await Promise.race([ended, sleep(500, null)])) === null) {
    const { stdout } = await move.destination.shell.run(`du -sb ${folder}/images/rounds/${number} 2>/dev/null`);
    samples.push({ atMs: performance.now(), bytes: Number.parseInt(stdout, 10) || 0 });
    move.report.progress(sendingLine(number, samples));
  }
  return readRound(place, await said);
}

function summaryOf(rounds: readonly Round[], stopped: string): StepDetail {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, each) => total + of(each), 0);
  return { rounds: rounds.length, pages: sum(({ pagesWritten }) => pagesWritten), bytes: sum(({ bytes }) => bytes), stopped };
}

/** A round under way has CRIU's code in the container: it ends by itself, and nothing may be taken away from under it. */
async function waitForRound(move: Move): Promise<void> {
  const folder = move.found.direct?.folder;
  const script = `for i in $(seq 300); do [ -e ${folder}/pre-dump-pid ] || exit 0; read -r pid <${folder}/pre-dump-pid; kill -0 $pid 2>/dev/null || exit 0; sleep 0.2; done; exit 1`;
  const { exitCode } = await move.source.shell.run(script, { timeoutMs: 90_000 });
  if (exitCode === 0) return;
  throw new TransshipError(
    'failed',
    `${move.source.name}: a pre-dump of ${move.plan.container.name} has not ended`,
    `look at it: cat ${folder}/pre-dump.out on ${move.source.name}`,
  );
}
