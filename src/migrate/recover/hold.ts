import { messageOf } from '../engine.ts';
import { freeze } from '../live-copy.ts';
import type { Move } from '../step.ts';
import type { HostsSay } from './decide.ts';

/** Nobody knows which copy is the one that lives: what runs and can be reached is frozen, nothing is removed. */
export async function holdBoth({ plan, source, destination, found }: Move, says: HostsSay): Promise<readonly string[]> {
  const warnings: string[] = [];
  const sides = [
    { host: source, id: plan.container.id, state: says.source },
    { host: destination, id: found.destinationId, state: says.destination },
  ];
  for (const { host, id, state } of sides) {
    if (state === 'unknown') warnings.push(`${host.name} could not be asked`);
    if (id === null || state !== 'runs') continue;
    await freeze(host, id).catch((error) => warnings.push(`${host.name}: it could not be frozen: ${messageOf(error)}`));
  }
  return warnings;
}
