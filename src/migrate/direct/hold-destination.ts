import { freeze, runcStatus } from '../live-copy.ts';
import type { Move } from '../step.ts';
import { destinationIdOf } from '../strategies/common.ts';

/** Neither side goes on until somebody has decided: what was answered since the dump is on the destination alone. */
export async function holdDestination(move: Move): Promise<void> {
  const there = destinationIdOf(move);
  await freeze(move.destination, there).catch(async (cause) => {
    const status = await runcStatus(move.destination, there);
    if (status === 'running') throw cause;
    if (status === 'paused') return; // an earlier recovery has held it
    move.found.isMemoryLost = true;
    move.found.warnings.push(`it has ended on ${move.destination.name}: what was answered since the dump is lost`);
  });
}
