import { type MovePlan, writeMovePlan } from '../evidence/move-plan.ts';
import type { Host } from '../hosts/host.ts';
import type { Marks } from './collect-both.ts';
import { thisController } from './controller.ts';
import type { Inspect } from './equal/inspect.ts';
import type { Mark } from './mark.ts';
import { type MoveOptions, type Plan, stepsOf } from './plan.ts';
import type { Move } from './step.ts';

/** Puts down what `recover` will need, before the first step. */
export function keepPlan({ plan, source, destination, route, folder }: Move, marks: Marks): void {
  writeMovePlan(folder, {
    schema: 'transship.plan/1',
    controller: thisController(),
    testbed: process.env.TRANSSHIP_TESTBED ?? null,
    source: side(source, marks.source),
    destination: side(destination, marks.destination),
    route: route.ssh,
    container: { ...plan.container, isRemovedAtEnd: plan.inspect.HostConfig.AutoRemove === true },
    options: { ...plan.options },
    image: plan.image,
    restartPolicy: plan.create.restartPolicy,
    networks: plan.networks.create.map((network) => network.Name),
    volumes: plan.volumes.map((volume) => ({ ...volume, make: makeOf(volume) })),
    checkpoint: plan.checkpoint,
  } satisfies MovePlan);
}

function side(host: Host, mark: Mark): MovePlan['source'] {
  return { name: host.name, endpoint: host.endpoint, mark: { ...mark, sinceNs: String(mark.sinceNs) } };
}

/** A volume driver's options may hold a password. */
function makeOf({ make }: Plan['volumes'][number]): MovePlan['volumes'][number]['make'] {
  return make?.kind === 'volume' ? { kind: 'volume' } : make;
}

export function marksOf({ source, destination }: MovePlan): Marks {
  const markOf = ({ mark }: MovePlan['source']): Mark => ({ ...mark, sinceNs: BigInt(mark.sinceNs) as Mark['sinceNs'] });
  return { source: markOf(source), destination: markOf(destination) };
}

/**
 * The plan again, as far as undoing, verifying and cleaning up read it: what would only be needed to begin the move anew was not kept,
 * and is empty.
 */
export function planAgain(kept: MovePlan): Plan {
  const { container, image, networks } = kept;
  const options = kept.options as unknown as MoveOptions;
  const again: Omit<Plan, 'survey'> = {
    container: { name: container.name, id: container.id },
    inspect: {
      Id: container.id,
      Name: `/${container.name}`,
      Image: image.id,
      Config: { Image: image.reference },
      HostConfig: { AutoRemove: container.isRemovedAtEnd },
    } as unknown as Inspect,
    options,
    image: { ...image, sizeBytes: 0, unequal: null },
    create: {
      name: container.name,
      options: { Image: image.reference },
      restartPolicy: kept.restartPolicy as Plan['create']['restartPolicy'],
      moreNetworks: {},
      unequal: [],
    },
    networks: { create: networks.map((Name) => ({ Name })), fixed: [], unequal: [] },
    volumes: kept.volumes.map((volume) => volumeAgain(volume)),
    checkpoint: kept.checkpoint,
    steps: stepsOf(options),
    checks: [],
    warnings: [],
  };
  return again as Plan;
}

function volumeAgain({ make, ...volume }: MovePlan['volumes'][number]): Plan['volumes'][number] {
  const again = make?.kind === 'volume' ? { kind: 'volume' as const, driver: 'local', options: {}, labels: {} } : make;
  return { ...volume, isAnonymous: false, isFile: false, make: again };
}
