import type { Host } from '../hosts/host.ts';
import { type Collected, collect } from './collect.ts';
import type { Mark } from './mark.ts';
import type { Move, Step } from './step.ts';
import type { UprobesOfBoth } from './uprobes.ts';
import type { Watch } from './watch.ts';

/** What was noted of calls on both hosts. */
export interface Watches {
  readonly source: Watch;
  readonly destination: Watch;
}

interface Watched extends Watches {
  readonly uprobes: Pick<UprobesOfBoth, 'source' | 'destination'>;
}

export interface Marks {
  readonly source: Mark;
  readonly destination: Mark;
}

/**
 * The evidence of both hosts, each by itself: one that is gone takes nothing from the other. What is missing becomes a warning.
 * @param watches none: whoever watched is gone, as after a kill
 */
export async function collectBoth(move: Move, marks: Marks, watches?: Watched): Promise<void> {
  const { source, destination, plan, found } = move;
  const sides = [
    {
      host: source,
      mark: marks.source,
      containerId: plan.container.id,
      isSource: true,
      watch: watches?.source ?? null,
      uprobes: watches?.uprobes.source ?? null,
    },
    {
      host: destination,
      mark: marks.destination,
      containerId: found.destinationId,
      isSource: false,
      watch: watches?.destination ?? null,
      uprobes: watches?.uprobes.destination ?? null,
    },
  ] as const;
  const lost = await Promise.all(
    sides.map((side) => collect({ folder: move.folder, ...side, checkpointFolder: imagesOf(move, side) })),
  );
  found.warnings.push(...lost.flat());
}

/** As the mark knows Docker's root, dockerd need not answer. */
function imagesOf({ plan }: Move, { mark, containerId }: Pick<Collected, 'mark' | 'containerId'> & { readonly host: Host }) {
  if (containerId === null) return null;
  if (mark.stage !== null) return `${mark.stage}/images`;
  return `${mark.dockerRoot}/containers/${containerId}/checkpoints/${plan.checkpoint}`;
}

/** The step `collect-evidence` stands in the strategy's list; what it does is the same for every strategy. */
export function withEvidence(step: Step, collectAll: () => Promise<void>): Step {
  if (step.name !== 'collect-evidence') return step;
  return {
    ...step,
    do: async () => {
      await collectAll();
      return undefined;
    },
  };
}
