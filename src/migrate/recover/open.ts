import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../../error.ts';
import type { Manifest } from '../../evidence/manifest.ts';
import { type MovePlan, readMovePlan } from '../../evidence/move-plan.ts';
import { readManifest } from '../../evidence/open-run.ts';
import { type RunFolder, runFiles } from '../../evidence/run-folder.ts';
import { connectHost } from '../../hosts/connect.ts';
import type { Host } from '../../hosts/host.ts';
import { unreachableHost } from '../../hosts/unreachable-host.ts';
import { nowNs } from '../../trace/time.ts';
import { keep } from '../closing.ts';
import { isAlive } from '../controller.ts';
import { messageOf } from '../engine.ts';

const unended: readonly Manifest['outcome'][] = ['lost', 'halves-kept'];

export interface LeftOpen {
  readonly manifest: Manifest;
  /** Null: there is nothing to bring to an end. */
  readonly kept: MovePlan | null;
}

/**
 * Looks at what a run has left. One that ended without anybody knowing which copy lives, or with the choice left to the user, may be taken up again.
 * @throws TransshipError `usage` for a run that is no migration, `not-ready` while its own controller lives
 */
export function lookAtRun(folder: RunFolder): LeftOpen {
  const manifest = readManifest(folder);
  if (manifest.kind !== 'migration')
    throw new TransshipError('usage', `${folder.run} is no migration`, 'transship runs tells which run is one');
  if (manifest.outcome !== null && !unended.includes(manifest.outcome)) return { manifest, kept: null };
  const kept = readMovePlan(folder);
  if (kept !== null && manifest.outcome === null && isAlive(kept.controller)) {
    throw new TransshipError(
      'not-ready',
      `${folder.run}: its migration is still under way (process ${kept.controller.pid})`,
      'wait for it, or interrupt it: it rolls back',
    );
  }
  const isBegun = kept !== null && existsSync(join(folder.path, runFiles.journal));
  if (isBegun || manifest.outcome !== null) return { manifest, kept };
  const error = { step: null, code: 'not-ready', message: 'it ended before its first step', hint: 'nothing was touched' };
  return { manifest: keep(folder, { ...manifest, endedNs: String(nowNs()), outcome: 'refused', error }), kept: null };
}

/**
 * Connects to a host of the run; one that cannot be reached is stood in for.
 * @throws TransshipError `not-ready` when another machine answers by that name now
 */
export async function reachAgain({ name, endpoint }: MovePlan['source'], facts: Manifest['hosts']['source']): Promise<Host> {
  let host: Host;
  try {
    host = await connectHost(endpoint);
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(messageOf(error));
    return await unreachableHost(name, endpoint, reason);
  }
  const hostname = (await host.shell.run('uname -n')).stdout.trim();
  if (host.name === name && (facts?.hostname ?? hostname) === hostname) return host;
  await host[Symbol.asyncDispose]();
  throw new TransshipError(
    'not-ready',
    `${endpoint} is ${hostname} now; the container was on, or went to, ${facts?.hostname ?? name}`,
    'set DOCKER_HOST, DOCKER_CONTEXT or your ssh configuration as they were then',
  );
}
