import { knownFailures, suspects } from './known-failures.ts';
import { filterOf } from './line-filter.ts';
import { endMarkers, factMarkers, givingUp, kindMarkers, pidPair, processLine, rootLine } from './log-markers.ts';
import { meetingLine } from './meeting-lines.ts';
import { fetchPatterns } from './page-fetches.ts';
import { pagePatterns } from './page-lines.ts';
import { beginsAnyPhase } from './phase-tables.ts';
import { restoredLine } from './restore-phases.ts';

const markers = [...kindMarkers.map(({ text }) => text), ...Object.values(endMarkers), ...Object.values(factMarkers)];
export const anyMarker = new RegExp(markers.map((marker) => marker.source).join('|'));

/** Whatever a digest looks for in a text. */
export function digestPatterns(): readonly RegExp[] {
  const quiet = [...knownFailures, ...suspects].flatMap(({ text, isQuiet }) => (isQuiet ? [text] : []));
  const lines = [
    beginsAnyPhase,
    restoredLine,
    meetingLine,
    ...fetchPatterns,
    ...pagePatterns,
    pidPair,
    processLine,
    rootLine,
    givingUp,
  ];
  return [...markers, ...quiet, ...lines];
}

/** What stands with a level is a problem whatever it says. */
export const digestFilter = filterOf([...digestPatterns(), /^Error \(/, /^Warn {2}\(/]);
