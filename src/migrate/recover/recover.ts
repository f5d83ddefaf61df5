import { join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import type { Manifest } from '../../evidence/manifest.ts';
import type { MovePlan } from '../../evidence/move-plan.ts';
import { journalRecord } from '../../evidence/record-schemas.ts';
import type { JournalRecord } from '../../evidence/records.ts';
import { type RunFolder, runFiles } from '../../evidence/run-folder.ts';
import type { Host } from '../../hosts/host.ts';
import { closeManifest, keep } from '../closing.ts';
import { collectBoth, withEvidence } from '../collect-both.ts';
import type { EngineResult } from '../engine.ts';
import { lockHostAgain } from '../host-lock.ts';
import { openJournal } from '../journal.ts';
import { marksOf } from '../kept-plan.ts';
import { endPause, isLive, thaw } from '../live-copy.ts';
import { openNativeSpans } from '../native-spans.ts';
import { recordCalls } from '../recording.ts';
import type { Move, Report } from '../step.ts';
import { destinationIdOf } from '../strategies/common.ts';
import { askHosts } from './ask.ts';
import { bringToEnd } from './bring-to-end.ts';
import type { Chosen } from './chosen.ts';
import { holdBoth } from './hold.ts';
import { lookAtRun } from './open.ts';
import { moveAgain } from './rebuild.ts';

export interface RecoverRequest {
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  readonly kept: MovePlan;
  readonly source: Host;
  readonly destination: Host;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Which of the two ways, where both halves are kept. */
  readonly chosen: Chosen | null;
}

/** Brings a move to its end whose controller is gone; where one that recovers is killed as well, the next does it. */
export async function recover(request: RecoverRequest): Promise<Manifest> {
  const { folder, source, destination } = request;
  await using _source = await lockHostAgain(source);
  await using _destination = await lockHostAgain(destination);
  const { manifest, kept } = lookAtRun(folder); // whoever had the lock until now may have brought it to its end
  if (kept === null) return manifest;
  const unkept: string[] = [];
  for (const host of [source, destination]) recordCalls(folder, host, { traceId: manifest.traceId, unkept });
  try {
    const move = moveAgain({ ...request, kept, journal: readJournal(folder) });
    const result = await takeUp(move, kept, request.chosen);
    const ending = { ...manifest, warnings: [], remains: undefined, lastSeen: undefined };
    const closed = await closeManifest(ending, { result, move, probes: [] });
    await closeRoute(source, kept.route);
    return keep(folder, { ...closed, warnings: [...closed.warnings, ...unkept] });
  } finally {
    for (const host of [source, destination]) host.observe(null);
  }
}

async function takeUp(move: Move, kept: MovePlan, chosen: Chosen | null): Promise<EngineResult> {
  const { plan, source, destination, folder } = move;
  const journal = readJournal(folder);
  await using native = await openNativeSpans(folder, [source, destination]);
  const collectAll = async () => {
    const [unsent] = await Promise.all([native.settle(), collectBoth(move, marksOf(kept))]);
    move.found.warnings.push(...unsent);
  };
  return await bringToEnd(move, {
    chosen,
    steps: plan.steps.map((step) => withEvidence(step, collectAll)),
    journal,
    options: {
      journal: openJournal(folder, journal.length),
      afterUndo: collectAll,
      isSourceLive: async () => {
        await endPause(source, plan.container.id).catch(() => {}); // by an earlier recovery that was unsure
        return await isLive(source, plan.container.id);
      },
    },
    reach: {
      ask: () => askHosts(move),
      thawThere: () => thaw(destination, destinationIdOf(move)),
      hold: (says) => holdBoth(move, says),
    },
  });
}

function readJournal(folder: RunFolder): readonly JournalRecord[] {
  return readRecords(join(folder.path, runFiles.journal), journalRecord);
}

/** The connection that the source kept open to the destination would end by itself only after ten idle minutes. */
async function closeRoute(source: Host, ssh: string | null): Promise<void> {
  if (ssh === null) return;
  const socket = / -S (\S+) /.exec(ssh)?.[1] ?? '';
  const script = `${ssh.replace(/^ssh /, 'ssh -O exit ')} >/dev/null 2>&1; rm -f ${socket}; rmdir /run/transship 2>/dev/null; true`;
  await source.shell.run(script, { timeoutMs: 5_000 }).catch(() => {});
}
