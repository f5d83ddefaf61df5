import type { Remnant } from '../evidence/manifest.ts';
import type { StepName } from '../evidence/steps.ts';
import { stageFolder } from './direct/stage.ts';
import type { EngineResult } from './engine.ts';
import type { Move } from './step.ts';

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

function notTakenAway({ plan, source, found }: Move, untidy: readonly StepName[]): readonly Remnant[] {
  const container = { host: source.name, what: `the old container (docker rm -f ${plan.container.id.slice(0, 12)})` };
  return [
    ...(untidy.includes('remove-source') ? [container] : []),
    ...found.stagedOn.map((host) => ({ host, what: `what lay on memory for the move (${stageFolder(plan.checkpoint)})` })),
  ];
}
