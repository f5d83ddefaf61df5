import type { ContainerCreateOptions, HostRestartPolicy } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import type { CreatePlan } from './create-options.ts';
import { missing } from './missing.ts';

export interface Created {
  readonly id: string;
  /** Docker's own words, such as limits that the destination's kernel cannot keep. */
  readonly warnings: readonly string[];
  /** What came out unequal, beside what the plan says. */
  readonly unequal: readonly string[];
}

/**
 * Creates the container, and starts nothing. On an error nothing of it stays.
 * @throws TransshipError `not-ready` when the name is taken, or Docker refuses the options.
 */
export async function createEqual(destination: Host, plan: CreatePlan): Promise<Created> {
  await refuseTakenName(destination, plan.name);
  const { options, unequal } = await withKnownRuntime(destination, plan.options);
  const container = await destination.docker.createContainer({ ...options, name: plan.name }).catch((error: Error) => {
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

/** Removes the container with its anonymous volumes, running or not. By id or, when the id was never learnt, by name. */
export async function undoCreate(destination: Host, idOrName: string): Promise<void> {
  await destination.docker.getContainer(idOrName).remove({ force: true, v: true }).catch(missing);
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
): Promise<{ options: ContainerCreateOptions; unequal: readonly string[] }> {
  const unequal = await runtimeNotes(destination, options);
  if (unequal.length === 0) return { options, unequal };
  const { Runtime: _runtime, ...hostConfig } = options.HostConfig ?? {};
  return { options: { ...options, HostConfig: hostConfig }, unequal };
}

/** Reads only: says it when the destination has no runtime of that name. */
export async function runtimeNotes(destination: Host, { HostConfig }: ContainerCreateOptions): Promise<readonly string[]> {
  const runtime = HostConfig?.Runtime;
  const info: { Runtimes?: Record<string, unknown>; DefaultRuntime?: string } = await destination.docker.info();
  if (runtime === undefined || info.Runtimes?.[runtime] !== undefined) return [];
  return [`runtime ${runtime}: ${destination.name} has none of that name, ${info.DefaultRuntime ?? 'its default'} is used`];
}

function refusal(destination: Host, name: string, error: Error): TransshipError {
  const words = (error as { json?: { message?: string } }).json?.message ?? error.message;
  return new TransshipError(
    'not-ready',
    `${destination.name}: Docker refuses an equal of ${name}: ${words}`,
    'the destination lacks what the container asks for: give it that, or make the container anew without it',
    { cause: error },
  );
}
