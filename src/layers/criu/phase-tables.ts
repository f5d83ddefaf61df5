import { dumpPhases } from './dump-phases.ts';
import type { LogKind, Phase } from './phase.ts';
import { preDumpPhases } from './pre-dump-phases.ts';
import { restorePhases } from './restore-phases.ts';
import { lazyPagesPhases, pageServerPhases } from './server-phases.ts';

export const phaseTables: Readonly<Record<LogKind, readonly Phase[]>> = {
  dump: dumpPhases,
  'pre-dump': preDumpPhases,
  restore: restorePhases,
  'page-server': pageServerPhases,
  'lazy-pages': lazyPagesPhases,
};

const patterns = [
  ...new Set(Object.values(phaseTables).flatMap((table) => table.flatMap((phase) => phase.begins?.source ?? []))),
];

/** Named groups twice in one expression are an error, so they lose their names here. */
const nameless = (source: string): string => source.replace(/\(\?<\w+>/g, '(?:');

/** True for a line that any phase of any table begins with: one test a line instead of eighty. */
export const beginsAnyPhase = new RegExp(patterns.map(nameless).join('|'));
