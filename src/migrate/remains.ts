import type { Remnant } from '../evidence/manifest.ts';
import type { StepName } from '../evidence/steps.ts';
import type { EngineResult } from './engine.ts';
import type { Move } from './step.ts';

/** Steps after the commit that take away what the source still has; of the others' failures nothing is left there. */
const takeAway: readonly StepName[] = ['remove-source', 'unstage'];

/** What is left of the container where it does not run, so that nobody is told that nothing is. */
export function remainsOf(move: Move, result: EngineResult): readonly Remnant[] {
  if (result.outcome === 'migrated') return [...copiedFrom(move), ...notTakenAway(move, result.untidy)];
  if (result.outcome !== 'rolled-back') return []; // nothing was removed, and where it stands is looked up
  return result.untidy.flatMap((name) => {
    const on = move.plan.steps.find((step) => step.name === name)?.on ?? 'both';
    const sides = on === 'both' ? (['source', 'destination'] as const) : [on];
    return sides.map((side) => ({ host: move[side].name, what: `what ${name} made (its undoing failed)` }));
  });
}

/** A volume that was copied stays: only its owner knows who else uses it. */
function copiedFrom({ plan, source }: Move): readonly Remnant[] {
  return plan.volumes
    .filter((volume) => volume.mode === 'copy')
    .map(({ name, from }) => ({ host: source.name, what: name === null ? from : `volume ${name}` }));
}

function notTakenAway({ plan, source }: Move, untidy: readonly StepName[]): readonly Remnant[] {
  const left = { 'remove-source': `the old container (docker rm -f ${plan.container.id.slice(0, 12)})` };
  return untidy
    .filter((name) => takeAway.includes(name))
    .map((name) => ({ host: source.name, what: left[name as keyof typeof left] ?? `what ${name} should have removed` }));
}
