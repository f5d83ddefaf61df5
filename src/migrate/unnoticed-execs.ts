import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../error.ts';
import { healthTest, runningExecs } from '../hosts/execs.ts';
import { bounded } from './bounded.ts';
import type { Move } from './step.ts';

/** A probe of a health check is mostly over in a moment. */
const probeLimitMs = 5_000;

/**
 * The plan has looked, but the copying since may have taken minutes: looks again right before the freeze. A probe of the health check is
 * waited for; a session of somebody is not.
 * @throws TransshipError `failed` when a process of docker exec would vanish in the dump, unless `--drop-execs` allows it
 */
export async function refuseUnnoticedExecs({ plan, source }: Move): Promise<void> {
  if (plan.options.dropExecs) return;
  const endMs = performance.now() + probeLimitMs;
  const probe = healthTest(plan.inspect);
  for (;;) {
    const container = source.docker.getContainer(plan.container.id);
    const inspect = await bounded(`docker inspect on ${source.name}`, 10_000, container.inspect());
    const commands = await bounded(`docker exec inspect on ${source.name}`, 10_000, runningExecs(source, inspect));
    if (commands.length === 0) return;
    const isProbe = commands.every((command) => command === probe);
    if (isProbe && performance.now() < endMs) {
      await sleep(50);
      continue;
    }
    throw new TransshipError(
      'failed',
      `${source.name}: docker exec is running: ${commands.join(', ')}${isProbe ? ' (the health check)' : ''}; it would vanish in the dump`,
      'end it and try again, or agree with --drop-execs',
    );
  }
}
