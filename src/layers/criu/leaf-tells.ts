import type { Attributes } from '../../trace/layer-spans.ts';
import { causedBy, toldCause } from '../../trace/leaf-causes.ts';
import type { CriuLog } from './evidence.ts';
import { gapCauseOf } from './gap-causes.ts';
import { readLines, type TransferLine, writtenLines } from './page-lines.ts';
import type { PhaseNode } from './phase-tree.ts';

/** Shorter ones are not asked why; nor does a log keep shorter silences (log-clock.ts). */
const leastUs = 1000;

/** What tells why a phase takes as long as it does: how many bytes went by, and what it waits for. */
export function leafTells(log: CriuLog): (node: PhaseNode) => Attributes {
  const written = writtenLines(log.digest, log.statistics);
  const read = readLines(log.digest);
  const bytesOf = (node: PhaseNode): number | null => {
    switch (node.phase.bytes) {
      case 'written':
        return sumWithin(node, written);
      case 'read':
        return sumWithin(
          node,
          read.filter(({ lane }) => lane === node.lane),
        );
      case 'received':
        return log.receivedBytes ?? null;
      case 'fetched':
        return log.digest.fetches.bytes;
      default:
        return null;
    }
  };
  return (node) => {
    const bytes = bytesOf(node);
    return { ...(bytes ? { 'migration.bytes': bytes } : {}), ...causeOf(log, node) };
  };
}

function sumWithin({ line, endLine }: PhaseNode, lines: readonly TransferLine[]): number {
  return lines.reduce((sum, one) => (one.line >= line && one.line < endLine ? sum + one.bytes : sum), 0);
}

/** What the log's own silence tells where that is most of it; else what CRIU's source says of the phase. */
function causeOf({ digest }: CriuLog, node: PhaseNode): Attributes {
  const us = node.endUs - node.startUs;
  if (us < leastUs || node.phase.isWait || node.children.length > 0) return {};
  // in a restore the tasks' silences lie across each other
  const silence =
    node.lane === null
      ? digest.gaps.find(
          (gap) => gap.startUs >= node.startUs && gap.startUs + gap.durationUs <= node.endUs && gap.durationUs * 2 >= us,
        )
      : undefined;
  const told = silence === undefined ? null : gapCauseOf(digest.kind, silence);
  if (told !== null) return toldCause(told.what);
  return node.phase.cause === undefined ? {} : causedBy(node.phase.cause);
}
