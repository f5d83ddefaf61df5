import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerCreateOptions, HostRestartPolicy } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { untilInterrupted } from '../bounded.ts';
import type { CreatePlan } from './create-options.ts';
import { missing } from './missing.ts';

export interface Created {
  readonly id: string;
  /** Docker's own words, such as limits that the destination's kernel cannot keep. */
  readonly warnings: readonly string[];
  /** What came out unequal, beside what the plan says. */
  readonly unequal: readonly string[];
}

export interface Asking {
  readonly signal: AbortSignal;
  /**
   * When Docker is asked, by its own clock; null when it has refused. In between there may be a container whose id nobody has learnt:
   * `undoUnanswered` finds it.
   */
  onAsk(sinceIso: string | null): void;
}

const unheard: Asking = { signal: new AbortController().signal, onAsk: () => {} };

/**
 * Creates the container, and starts nothing. On an error nothing of it stays, unless Docker's answer never came.
 * @throws TransshipError `not-ready` when the name is taken, or Docker refuses the options.
 */
export async function createEqual(destination: Host, plan: CreatePlan, asking: Asking = unheard): Promise<Created> {
  await refuseTakenName(destination, plan.name);
  const { options, unequal, nowIso } = await withKnownRuntime(destination, plan.options);
  asking.onAsk(nowIso);
  const asked = destination.docker.createContainer({ ...options, name: plan.name });
  const container = await untilInterrupted(asking.signal, asked).catch((error: Error) => {
    if (isAnswer(error)) asking.onAsk(null);
    throw refusal(destination, plan.name, error);
  });
  const warnings = (container as unknown as { Warnings?: string[] }).Warnings ?? [];
  try {
    for (const [network, endpoint] of Object.entries(plan.moreNetworks)) {
      await destination.docker.getNetwork(network).connect({ Container: container.id, EndpointConfig: endpoint });
    }
  } catch (error) {
    await undoCreate(destination, container.id);
    throw refusal(destination, plan.name, error as Error);
  }
  return { id: container.id, warnings, unequal };
}

function isAnswer(error: Error): boolean {
  return (error as { statusCode?: number }).statusCode !== undefined;
}

/**
 * Removes the container that Docker made, or is about to make, though its answer never came. Never anybody else's of that name: it was
 * made since we asked, of the same image, and has not been started.
 */
export async function undoUnanswered(destination: Host, plan: CreatePlan, sinceIso: string): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    const found = await destination.docker.getContainer(plan.name).inspect().catch(missing);
    if (found?.Name === `/${plan.name}`) {
      const isOurs =
        found.State.Status === 'created' &&
        Date.parse(found.Created) >= Date.parse(sinceIso) &&
        found.Config.Image === plan.options.Image;
      if (isOurs) await undoCreate(destination, found.Id);
      return;
    }
    await sleep(300);
  }
}

/** Removes the container with its anonymous volumes, running or not. By its id: one of that name may be somebody else's. */
export async function undoCreate(destination: Host, id: string): Promise<void> {
  await destination.docker.getContainer(id).remove({ force: true, v: true }).catch(missing);
}

/** The last step of a move: until then the policy is `no`. */
export async function setRestartPolicy(host: Host, id: string, policy: HostRestartPolicy): Promise<void> {
  await host.docker.getContainer(id).update({ RestartPolicy: policy });
}

/** @throws TransshipError `not-ready` when the destination has a container of that name */
async function refuseTakenName(destination: Host, name: string): Promise<void> {
  const found = await destination.docker.getContainer(name).inspect().catch(missing);
  if (found?.Name !== `/${name}`) return;
  throw new TransshipError(
    'not-ready',
    `${destination.name}: the name ${name} is taken by container ${found.Id.slice(0, 12)} (${found.State.Status})`,
    `rename or remove that one: docker rename ${name} ${name}-old`,
  );
}

async function withKnownRuntime(
  destination: Host,
  options: ContainerCreateOptions,
): Promise<{ options: ContainerCreateOptions; unequal: readonly string[]; nowIso: string }> {
  const info: RuntimeInfo = await destination.docker.info();
  const nowIso = info.SystemTime;
  const unequal = notesOf(destination, options, info);
  if (unequal.length === 0) return { options, unequal, nowIso };
  const { Runtime: _runtime, ...hostConfig } = options.HostConfig ?? {};
  return { options: { ...options, HostConfig: hostConfig }, unequal, nowIso };
}

/** Reads only: says it when the destination has no runtime of that name. */
export async function runtimeNotes(destination: Host, options: ContainerCreateOptions): Promise<readonly string[]> {
  return notesOf(destination, options, await destination.docker.info());
}

interface RuntimeInfo {
  readonly Runtimes?: Record<string, unknown>;
  readonly DefaultRuntime?: string;
  readonly SystemTime: string;
}

function notesOf(destination: Host, { HostConfig }: ContainerCreateOptions, info: RuntimeInfo): readonly string[] {
  const runtime = HostConfig?.Runtime;
  if (runtime === undefined || info.Runtimes?.[runtime] !== undefined) return [];
  return [`runtime ${runtime}: ${destination.name} has none of that name, ${info.DefaultRuntime ?? 'its default'} is used`];
}

function refusal(destination: Host, name: string, error: Error): TransshipError {
  if (error instanceof TransshipError) return error; // no answer, or an interrupt
  const words = (error as { json?: { message?: string } }).json?.message ?? error.message;
  return new TransshipError(
    'not-ready',
    `${destination.name}: Docker refuses an equal of ${name}: ${words}`,
    'the destination lacks what the container asks for: give it that, or make the container anew without it',
    { cause: error },
  );
}
