import type { Manifest, ProbeReading } from '../evidence/manifest.ts';
import { type RunFolder, writeManifest } from '../evidence/run-folder.ts';
import { measureClock } from '../hosts/clock-offset.ts';
import { nowNs } from '../trace/time.ts';
import { type EngineResult, messageOf } from './engine.ts';
import { lookFor } from './last-seen.ts';
import { remainsOf } from './remains.ts';
import { joinLinks } from './source-links.ts';
import type { Move } from './step.ts';
import { restartCommand } from './strategies/common.ts';

/** The container is where it is, whether or not its run can say so. */
export function keep(folder: RunFolder, manifest: Manifest): Manifest {
  try {
    writeManifest(folder, manifest);
    return manifest;
  } catch (error) {
    return { ...manifest, warnings: [...manifest.warnings, `the run's end is not kept: ${messageOf(error)}`] };
  }
}

export interface Closing {
  readonly result: EngineResult;
  readonly move: Move;
  readonly probes: readonly ProbeReading[];
}

export async function closeManifest(manifest: Manifest, { result, move, probes }: Closing): Promise<Manifest> {
  const { found, source, destination } = move;
  const after = await Promise.allSettled([measureClock(source, 'after'), measureClock(destination, 'after')]);
  const lost = after.filter((reading) => reading.status === 'rejected').map((reading) => `clock: ${messageOf(reading.reason)}`);
  const error =
    result.outcome === 'migrated'
      ? null
      : { step: result.failedStep, code: result.error.code, message: result.error.message, hint: result.error.hint };
  return {
    ...manifest,
    endedNs: String(nowNs()),
    container: manifest.container && {
      ...manifest.container,
      destinationId: result.outcome === 'rolled-back' ? null : found.destinationId,
    },
    clocks: [...manifest.clocks, ...after.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []))],
    outcome: result.outcome,
    error,
    warnings: [...found.warnings, ...result.warnings, ...(result.outcome === 'lost' ? restartWarning(move) : []), ...lost],
    remains: [...remainsOf(move, result)],
    ...(result.outcome === 'lost' ? { lastSeen: await lookAgain(move) } : {}),
    ...(['halves-kept', 'lost'].includes(result.outcome) && found.direct !== null ? { stage: found.direct.folder } : {}),
    ...(result.outcome === 'lost' && found.links !== null ? { linkUp: joinLinks(found.links).join('; ') } : {}),
    ...(result.outcome === 'halves-kept' && found.isMemoryLost ? { isMemoryLost: true } : {}),
    probes: [...probes],
    bytes: { images: found.imagesBytes, pages: found.pagesBytes, layer: found.layerBytes, volumes: found.volumeBytes },
  };
}

/** It is put off before the freeze, and a way back that was not gone to its end has not given it back. */
function restartWarning({ plan, source }: Move): readonly string[] {
  const command = restartCommand(plan.create, plan.container.name);
  if (command === null) return [];
  return [
    `${plan.container.name} may have no restart policy on ${source.name}, as during a move; once it runs there again: ${command}`,
  ];
}

async function lookAgain({ plan, source, destination, found }: Move): Promise<NonNullable<Manifest['lastSeen']>> {
  const { destinationId: there } = found;
  return {
    source: await lookFor(source, plan.container.id, plan.checkpoint),
    destination: there === null ? null : await lookFor(destination, there, plan.checkpoint),
  };
}
