import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import type { ProcessRecord } from '../evidence/records.ts';
import { hostEvidence } from '../evidence/run-folder.ts';
import { formatNs, type Ns, nowNs } from '../trace/time.ts';
import { holdLogs } from './log-keeper.ts';
import { watchProcesses } from './process-watch.ts';
import { escapeText, terminalOf } from './terminal.ts';

interface Options {
  readonly name?: string;
  readonly repeat: string;
}

export const recordCommand: Command = new Command('record')
  .summary('run a command that ends in CRIU, and keep what CRIU leaves')
  .description(
    "Runs criu, runc, podman … as they are (same arguments, stdio, exit status), keeps CRIU's logs and statistics, which engines throw away, and makes a run of them.",
  )
  .argument('<command...>', 'the command, after --')
  .option('--name <run>', 'name of the new run; with --repeat NAME-1, NAME-2 …')
  .option('--repeat <n>', 'run it so many times, a run each', '1')
  .addHelpText('after', '\nExample:\n  transship record -- runc checkpoint --leave-running --image-path /tmp/images web')
  .action(run);

async function run(words: readonly string[], { name, repeat }: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  if (!/^[1-9]\d{0,3}$/.test(repeat))
    throw new TransshipError('usage', `--repeat ${escapeText(repeat)} is no number`, 'a whole number from 1 on');
  for (let round = 1; round <= Number(repeat); round += 1) {
    const own = name === undefined || repeat === '1' ? name : `${name}-${round}`;
    const { exitCode, text } = await recordOnce(words, own);
    terminal.say(text);
    if (exitCode !== 0) {
      process.exitCode = exitCode;
      return;
    }
  }
}

async function recordOnce(words: readonly string[], name: string | undefined): Promise<{ exitCode: number; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'transship-'));
  const watch = watchProcesses();
  const keeper = holdLogs(words, process.cwd(), watch);
  try {
    const startNs = nowNs();
    const exitCode = await runCommand(words, (pid) => watch.follow(pid));
    const endNs = nowNs();
    mkdirSync(join(folder, 'kept'));
    const kept = keeper.keep(join(folder, 'kept'));
    const ends = { startNs: String(startNs), endNs: String(endNs), exitCode };
    const processes = watch.records().map((record) => (record.parentPid === null ? { ...record, ...ends } : record));
    return { exitCode, text: await makeRun({ kept, folder, name, processes, tookNs: (endNs - startNs) as Ns }) };
  } finally {
    keeper.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As a shell tells it: 127 where there is no such program, 128 + the signal that ended it. Ctrl-C reaches both; the command decides. */
async function runCommand([program = '', ...args]: readonly string[], onStart: (pid: number) => void): Promise<number> {
  const { execa } = await import('execa');
  const stay = () => {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stay);
  try {
    const running = execa(program, args, { stdio: 'inherit', reject: false, cleanup: false });
    if (running.pid !== undefined) onStart(running.pid);
    const { exitCode, signal, code } = await running;
    if (code === 'ENOENT')
      throw new TransshipError('usage', `${program}: no such program`, 'name it by its path, or add its folder to PATH');
    if (signal !== undefined) return 128 + constants.signals[signal as keyof typeof constants.signals];
    return exitCode ?? 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, stay);
  }
}

interface Recorded {
  readonly kept: ReturnType<ReturnType<typeof holdLogs>['keep']>;
  readonly folder: string;
  readonly name: string | undefined;
  readonly tookNs: Ns;
  readonly processes: readonly ProcessRecord[];
}

/** What was kept becomes a run as of `import`; where nothing was, the command's result stands all the same. */
async function makeRun({ kept, folder, name, tookNs, processes }: Recorded): Promise<string> {
  const took = `the command took ${formatNs(tookNs)}`;
  if (kept.length === 0) return `${took}; no log of CRIU was found (did it run as root, with -o or under an engine?)`;
  const { takeFound } = await import('./take-in.ts');
  const files = kept.map(({ path, shown, mtimeNs, birthNs }) => ({
    ...{ path, shown, isNamed: false },
    times: { mtimeNs, birthNs: birthNs > 0n ? birthNs : null, resolutionNs: 0n },
  }));
  try {
    const { run, logs } = await takeFound(
      { files, parents: [], warnings: [] },
      { ...(name === undefined ? {} : { name }), folder, starts: [], asked: ['record'], processes },
    );
    const shares = logs.map(
      ({ kind, durationUs, outcome }) =>
        `${kind ?? 'log'} ${outcome}${durationUs === null ? '' : `, ${formatNs((BigInt(durationUs) * 1000n) as Ns)} of it in CRIU's log`}`,
    );
    return `${took}: ${shares.join('; ')}\nrun   ${run.run}   transship show ${run.run}   (${hostEvidence(run, 'import')})`;
  } catch (error) {
    if (error instanceof TransshipError && error.code === 'input') return `${took}; ${error.message}`;
    throw error;
  }
}
