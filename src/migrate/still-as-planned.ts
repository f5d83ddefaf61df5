import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './engine.ts';
import type { Inspect } from './equal/inspect.ts';
import type { Plan } from './plan.ts';

/**
 * Asked once the hosts are locked, as another migration may have ended since the plan was made: of the container that it has moved away, or has put back and
 * given its restart policy again.
 * @throws TransshipError `not-ready`
 */
export async function refuseChanged({ container, inspect }: Pick<Plan, 'container' | 'inspect'>, source: Host): Promise<void> {
  const asked = source.docker.getContainer(container.id).inspect() as Promise<Inspect>;
  const now = await bounded(`docker inspect on ${source.name}`, 15_000, asked).catch((cause) => {
    if (/no such container/i.test(messageOf(cause))) return null;
    throw cause;
  });
  if (now !== null && standing(now) === standing(inspect)) return;
  const found = now === null ? 'is not there any more' : 'is not as it was any more when it was looked at';
  throw new TransshipError(
    'not-ready',
    `${source.name}: ${container.name} ${found}`,
    'it was moved, paused, or started anew meanwhile: nothing was touched; run the same command again',
  );
}

function standing({ State, HostConfig }: Inspect): string {
  return JSON.stringify([State.Pid, State.Running, State.Paused, HostConfig.RestartPolicy]);
}
