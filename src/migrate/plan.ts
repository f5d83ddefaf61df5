import { randomBytes } from 'node:crypto';
import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { type CheckResult, preflight } from '../hosts/preflight.ts';
import { runtimeName } from '../wrap/runtime-place.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './engine.ts';
import { type CreatePlan, createOptionsOf, obstaclesOf } from './equal/create-options.ts';
import type { Inspect } from './equal/inspect.ts';
import { type NetworkPlan, planNetworks } from './equal/networks.ts';
import type { Step } from './step.ts';
import { coldSteps } from './strategies/cold.ts';
import { disklessSteps } from './strategies/diskless.ts';
import { dockerSteps } from './strategies/docker.ts';
import { postCopySteps } from './strategies/post-copy.ts';
import { type ImagePlan, planImage } from './whole/image.ts';
import type { VolumesOption } from './whole/volumes-option.ts';
import { planVolumes, type VolumePlan } from './whole/volumes-plan.ts';

/** A strategy's own sequence of steps. */
const strategies = {
  docker: ({ isPlain }: MoveOptions) => dockerSteps(isPlain),
  cold: () => coldSteps,
  diskless: () => disklessSteps,
  'post-copy': () => postCopySteps,
} as const;

export type StrategyName = keyof typeof strategies;

/** Past dockerd and its content store, with our runtime on the destination. */
export function isDirect(strategy: StrategyName): boolean {
  return strategy !== 'docker';
}

export interface MoveOptions {
  readonly strategy: StrategyName;
  /** The page channel is not encrypted. */
  readonly plainPages: boolean;
  /** Docker's path with no safety: the dump kills the source. */
  readonly isPlain: boolean;
  /** What becomes of volumes and bind mounts; one that it says nothing of refuses the container. */
  readonly volumes: VolumesOption;
  /** Exec sessions and a health check under way vanish in a dump; false refuses a container that has any. */
  readonly dropExecs: boolean;
}

export interface Plan {
  readonly container: { readonly name: string; readonly id: string };
  readonly inspect: Inspect;
  readonly options: MoveOptions;
  readonly image: ImagePlan;
  readonly create: CreatePlan;
  readonly networks: NetworkPlan;
  readonly volumes: readonly VolumePlan[];
  /** Name of the checkpoint; of this run alone. */
  readonly checkpoint: string;
  readonly steps: readonly Step[];
  readonly checks: readonly CheckResult[];
  readonly warnings: readonly string[];
}

export interface PlanRequest {
  readonly container: string;
  readonly source: Host;
  readonly destination: Host;
  readonly options: MoveOptions;
}

/**
 * Looks at both hosts and the container, touches nothing.
 * @throws TransshipError `not-ready`: the first reason why it cannot move, with the others in its message
 */
export async function plan(request: PlanRequest): Promise<Plan> {
  const { source, destination, options } = request;
  if (source.name === destination.name) {
    throw new TransshipError('usage', `source and destination are both ${source.name}`, 'name two hosts: --from HOST, and TO');
  }
  const inspect = await findContainer(source, request.container);
  const checks = await preflight({ source, destination, container: inspect, allowed: options });
  refuse(checks.filter((check) => check.status === 'fail'));
  for (const { message, hint } of obstaclesOf(inspect)) throw new TransshipError('not-ready', message, hint);
  const pair = { source, destination };
  const image = await planImage(pair, inspect);
  const sourceImage = await bounded(
    `docker image inspect on ${source.name}`,
    10_000,
    source.docker.getImage(inspect.Image).inspect(),
  );
  const create = createOptionsOf(inspect, sourceImage, image.reference);
  return {
    container: { name: inspect.Name.replace(/^\//, ''), id: inspect.Id },
    inspect,
    options,
    image,
    create: isDirect(options.strategy) ? underOurRuntime(create) : create,
    networks: await planNetworks(pair, inspect),
    volumes: await planVolumes(pair, inspect, options.volumes),
    checkpoint: `transship-${randomBytes(4).toString('hex')}`,
    steps: strategies[options.strategy](options),
    checks,
    warnings: checks.filter((check) => check.status === 'warn').map((check) => `${check.host}: ${check.found}; ${check.hint}`),
  };
}

/** Where the restore happens inside `create`. */
function underOurRuntime(create: CreatePlan): CreatePlan {
  const options = { ...create.options, HostConfig: { ...create.options.HostConfig, Runtime: runtimeName } };
  const unequal = create.unequal.filter((note) => !note.startsWith('runtime '));
  return {
    ...create,
    options,
    unequal: [...unequal, `runtime ${runtimeName}: runc, through which the restore happens inside docker start`],
  };
}

async function findContainer(source: Host, name: string): Promise<Inspect> {
  try {
    return await bounded(
      `docker inspect on ${source.name}`,
      15_000,
      source.docker.getContainer(name).inspect() as Promise<Inspect>,
    );
  } catch (cause) {
    if (!/no such container/i.test(messageOf(cause))) throw cause;
    throw new TransshipError(
      'not-ready',
      `no container '${name}' on ${source.name}`,
      `docker ps on ${source.name} lists them; --from names another host`,
      { cause },
    );
  }
}

function refuse(failed: readonly CheckResult[]): void {
  const [first, ...others] = failed;
  if (first === undefined) return;
  const more = others.map((check) => `; also on ${check.host}: ${check.found}`).join('');
  throw new TransshipError('not-ready', `${first.host}: ${first.found}${more}`, first.hint);
}
