import { Command, Option } from 'commander';
import { openRun } from '../evidence/open-run.ts';
import type { RunFolder } from '../evidence/run-folder.ts';
import type { Chosen } from '../migrate/recover/chosen.ts';
import type { LeftOpen } from '../migrate/recover/open.ts';
import type { RecoverRequest } from '../migrate/recover/recover.ts';
import { type Interrupt, interruptSignal } from './interrupt.ts';
import { printMigration } from './migrate.ts';
import { stepReport } from './step-report.ts';
import { type Terminal, terminalOf, withFormat } from './terminal.ts';
import { whereabouts } from './whereabouts.ts';

export const recoverCommand: Command = withFormat(
  new Command('recover')
    .summary('bring a migration to its end whose transship was killed: back, or forward')
    .description(
      'Before anything was said to start on the destination it goes back, after the destination was seen to run it goes forward; between the two ' +
        'both hosts are asked, and while that leaves a doubt both copies are frozen and nothing is removed. It may be repeated. Where the newest state ' +
        'lies on two hosts (exit status 70), it goes one of the two ways that remain: the one that you choose.',
    )
    .argument('<run>', "the run's name, or its folder (transship runs lists them)")
    .addOption(
      new Option('--go-on', 'of two kept halves: wait for the rest of the memory, and run on the destination').conflicts(
        'goBack',
      ),
    )
    .addOption(
      new Option('--go-back', 'of two kept halves: run on the source, as at the freeze; what was answered since is undone'),
    ),
)
  .addHelpText('after', '\nExamples:\n  transship recover r7\n  transship recover r7 --go-on')
  .action(
    async (run: string, options: Choice, command: Command) => await recoverRun(terminalOf(command), run, chosenBy(options)),
  );

interface Choice {
  readonly goOn?: true;
  readonly goBack?: true;
}

function chosenBy({ goOn, goBack }: Choice): Chosen | null {
  return goOn ? 'on' : goBack ? 'back' : null;
}

async function recoverRun(terminal: Terminal, run: string, chosen: Chosen | null): Promise<void> {
  const folder = openRun(run);
  const { lookAtRun } = await import('../migrate/recover/open.ts');
  const left = lookAtRun(folder);
  if (left.kept === null) return nothingToDo(terminal, folder, left);
  if (left.kept.testbed !== null) process.env.TRANSSHIP_TESTBED = left.kept.testbed;
  const interrupt = interruptSignal(terminal.say);
  try {
    await printMigration(terminal, folder, await bringToEnd(terminal, folder, { ...left, kept: left.kept, chosen, interrupt }));
  } finally {
    interrupt.release();
  }
}

type Open = LeftOpen & Pick<RecoverRequest, 'kept' | 'chosen'> & { readonly interrupt: Interrupt };

async function bringToEnd(terminal: Terminal, folder: RunFolder, { manifest, kept, interrupt, chosen }: Open) {
  const { reachAgain } = await import('../migrate/recover/open.ts');
  const { recover } = await import('../migrate/recover/recover.ts');
  await using source = await reachAgain(kept.source, manifest.hosts.source);
  await using destination = await reachAgain(kept.destination, manifest.hosts.destination);
  return await recover({
    folder,
    manifest,
    kept,
    source,
    destination,
    report: stepReport(terminal, interrupt),
    signal: interrupt.signal,
    chosen,
  });
}

function nothingToDo(terminal: Terminal, { run }: RunFolder, { manifest }: LeftOpen): void {
  const where = manifest.outcome === 'refused' ? `${manifest.container?.name} stayed where it was` : whereabouts(manifest);
  const { outcome } = manifest;
  terminal.result({ schema: 'transship.recover/1', run, outcome }, () => `${run}: nothing to do, it ended as ${outcome}`);
  terminal.say(where);
}
