import { randomBytes } from 'node:crypto';
import { TransshipError } from '../error.ts';
import { isDirect } from '../hosts/check.ts';
import type { Host } from '../hosts/host.ts';
import type { CheckResult } from '../hosts/preflight.ts';
import { runtimeName } from '../wrap/runtime-place.ts';
import { bounded } from './bounded.ts';
import { refuseOverLimit } from './choice/downtime-limit.ts';
import { fittingOptions } from './choice/fitting-options.ts';
import { type Survey, surveyFor } from './choice/survey.ts';
import type { StopLimits } from './direct/stop-rule.ts';
import { messageOf } from './engine.ts';
import { runtimeNotes } from './equal/create.ts';
import { type CreatePlan, createOptionsOf } from './equal/create-options.ts';
import type { Inspect } from './equal/inspect.ts';
import type { NetworkPlan } from './equal/networks.ts';
import type { Step } from './step.ts';
import { coldSteps } from './strategies/cold.ts';
import { disklessSteps } from './strategies/diskless.ts';
import { dockerSteps } from './strategies/docker.ts';
import { hybridSteps } from './strategies/hybrid.ts';
import type { StrategyName } from './strategies/names.ts';
import { postCopySteps } from './strategies/post-copy.ts';
import { preCopySteps } from './strategies/pre-copy.ts';
import type { ImagePlan } from './whole/image.ts';
import type { VolumesOption } from './whole/volumes-option.ts';
import type { VolumePlan } from './whole/volumes-plan.ts';

/** A strategy's own sequence of steps. */
const stepsBy = {
  docker: ({ isPlain }: MoveOptions) => dockerSteps(isPlain),
  cold: () => coldSteps,
  diskless: () => disklessSteps,
  'pre-copy': () => preCopySteps,
  'post-copy': () => postCopySteps,
  hybrid: () => hybridSteps,
} as const satisfies Record<StrategyName, (options: MoveOptions) => readonly Step[]>;

export interface MoveOptions {
  readonly strategy: StrategyName;
  /** Connections move along: only where the container's address does. */
  readonly tcpEstablished: boolean;
  /** An address of the source that goes to the destination with a container on the host network. */
  readonly movingAddress?: string;
  /** The page channel is not encrypted. */
  readonly plainPages: boolean;
  /** Of the page channel; one that is free unless told. */
  readonly pagePort?: number;
  /** The network is set up on the destination before the freeze, where that was tested; unless told, it is. */
  readonly isNetworkEarly?: boolean;
  /** Docker's path with no safety: the dump kills the source. */
  readonly isPlain: boolean;
  /** What becomes of volumes and bind mounts; one that it says nothing of refuses the container. */
  readonly volumes: VolumesOption;
  /** Exec sessions and a health check under way vanish in a dump; false refuses a container that has any. */
  readonly dropExecs: boolean;
  /** Longest time that the container may stand still: refused before, or rolled back. None unless told. */
  readonly downtimeLimitMs?: number;
  /** Our runtime is put on the destination before the move, where it is missing. */
  readonly installsRuntime?: boolean;
  /** When the rounds of a pre-copy stop; what is not given has its default. */
  readonly preCopy?: Partial<StopLimits>;
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
  readonly survey: Survey;
}

/** What the steps go by; how the strategy was chosen is for the reader. */
export type PlannedMove = Omit<Plan, 'survey'>;

export interface PlanRequest {
  readonly container: string;
  readonly source: Host;
  readonly destination: Host;
  readonly options: Omit<MoveOptions, 'strategy'> & { readonly strategy: StrategyName | 'auto' };
  /** `auto` may take post-copy. */
  readonly isPostCopyAllowed?: boolean;
  /** Every strategy is examined, as it is for `auto`: to be shown. */
  readonly isSurvey?: boolean;
}

/**
 * Looks at both hosts and the container, touches nothing; `auto` clears soft-dirty bits, when it is not only to be shown.
 * @throws TransshipError `not-ready`: the first reason why it cannot move, with the others in its message
 */
export async function plan(request: PlanRequest): Promise<Plan> {
  const { source, destination } = request;
  if (source.name === destination.name) {
    throw new TransshipError('usage', `source and destination are both ${source.name}`, 'name two hosts: --from HOST, and TO');
  }
  const inspect = await findContainer(source, request.container);
  const name = inspect.Name.replace(/^\//, '');
  const { survey, examined } = await surveyFor({ ...request, inspect });
  const { checks, image, networks, volumes } = examined;
  if (image === null || networks === null) throw new Error('no check failed, and yet something cannot be had');
  const { options, warnings } = fittingOptions(request.options, survey.taken);
  refuseOverLimit({
    container: name,
    strategy: survey.taken,
    limitMs: options.downtimeLimitMs ?? null,
    predictions: survey.candidates.map(({ prediction }) => prediction),
  });
  const sourceImage = await bounded(
    `docker image inspect on ${source.name}`,
    10_000,
    source.docker.getImage(inspect.Image).inspect(),
  );
  const create = createOptionsOf(inspect, sourceImage, image.reference);
  const unequal = [...create.unequal, ...(image.unequal === null ? [] : [image.unequal]), ...networks.unequal];
  const whole = { ...create, unequal: [...unequal, ...(await runtimeNotes(destination, create.options))] };
  return {
    container: { name, id: inspect.Id },
    inspect,
    options,
    image,
    create: isDirect(options) ? underOurRuntime(whole) : whole,
    networks,
    volumes,
    checkpoint: `transship-${randomBytes(4).toString('hex')}`,
    steps: stepsOf(options),
    checks,
    warnings: [...checks.filter(({ status }) => status === 'warn').map(warningOf), ...warnings],
    survey,
  };
}

export function stepsOf(options: Pick<MoveOptions, 'strategy' | 'isPlain'>): readonly Step[] {
  return stepsBy[options.strategy](options as MoveOptions);
}

function warningOf({ host, found, hint }: CheckResult): string {
  return `${host}: ${found}; ${hint}`;
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
