import { freeze, isLive } from '../live-copy.ts';
import type { Move } from '../step.ts';
import { destinationIdOf, restartCommand } from '../strategies/common.ts';

/** Neither side goes on until somebody has decided: what was answered since the dump is on the destination alone. */
export async function holdDestination(move: Move): Promise<void> {
  const { movingAddress: address } = move.plan.options;
  if (address !== undefined)
    move.found.warnings.push(
      `${address} is on ${move.destination.name}: who goes back to the freeze takes it away there (ip address del) first`,
    );
  const { create, container } = move.plan;
  const command = restartCommand(create, container.name);
  if (command !== null) move.found.warnings.push(`its restart policy is off on both hosts; where it goes on: ${command}`);
  const there = destinationIdOf(move);
  await freeze(move.destination, there).catch(async (cause) => {
    if (await isLive(move.destination, there)) throw cause;
    move.found.warnings.push(
      `it has ended on ${move.destination.name}: what was answered since the dump is lost, and the one way is back`,
    );
  });
}
