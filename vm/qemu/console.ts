import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../src/error.ts';
import { tail } from '../log-tail.ts';

/**
 * Of the time in which a machine could run. Under emulation it needs 15 to 20 s on two idle cores, and several times that where much else
 * runs, besides waiting for a core, which does not count. Under KVM it is a few seconds.
 */
export const readyLimitsMs = { tcg: 480_000, kvm: 90_000 } as const;

/** What vm-boot.sh says when all is there. */
const readyMark = 'transship: docker answers';

export interface Watched {
  readonly name: string;
  /** The file that QEMU writes the guest's serial console to. */
  readonly console: string;
  /** QEMU's own output. */
  readonly log: string;
  readonly isAlive: () => boolean;
  /** How long it has waited for a core so far. */
  readonly waitedMs: () => number;
  readonly limitMs: number;
}

/**
 * Waits until the guest says on its console that Docker answers.
 * @throws TransshipError `failed`: the kernel panicked, QEMU ended, or nothing was said in time
 */
export async function waitForMark({ name, console, log, isAlive, waitedMs, limitMs }: Watched): Promise<void> {
  const startMs = Date.now();
  for (;;) {
    const wasAlive = isAlive();
    const said = read(console);
    if (said.includes(readyMark)) return;
    const cannot = /transship: cannot: (.*)/.exec(said)?.[1]?.trim();
    if (cannot !== undefined) throw failure(`${name}: ${cannot}`, console);
    const panic = /Kernel panic - not syncing: (.*)/.exec(said)?.[1]?.trim();
    if (panic !== undefined) throw failure(`the kernel of ${name} panicked: ${panic}`, console);
    if (!wasAlive) throw failure(`the virtual machine ${name} ended: ${tail(log, 3)}`, console);
    if (Date.now() - startMs > limitMs && Date.now() - startMs - waitedMs() > limitMs)
      throw failure(`Docker on ${name} does not answer after ${limitMs / 1e3} s`, console);
    await sleep(100);
  }
}

function failure(what: string, console: string): TransshipError {
  return new TransshipError('failed', `${what}\n${lastLines(console)}`, 'another kernel or set may do: transship testbed sets');
}

/** The end of what the guest said, up to a panic's first line, without what a terminal would take for commands. */
function lastLines(console: string, lines = 15): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a console has them
  const text = read(console).replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|\u001b.|[\u0000-\u0008\u000b-\u001f]/g, '');
  const said = text.split('\n').filter((line) => line.trim() !== '');
  const panic = said.findIndex((line) => line.includes('Kernel panic - not syncing'));
  const kept = panic < 0 ? said : said.slice(0, panic + 1); // what follows is the kernel's own stack
  return kept.length === 0 ? '(nothing on its console)' : `end of its console:\n${kept.slice(-lines).join('\n')}`;
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
