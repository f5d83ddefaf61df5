import { describe, expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { digestLog } from './log-digest.ts';
import { treeOf } from './log-tree.ts';
import { missingDetail } from './verbosity.ts';

/**
 * No log of CRIU 3.11 to 3.16 was recorded. What differs there is known from its source (tags v3.11 to v3.18), and a recorded log is
 * written back to that form: the phases must not change.
 */
const newer = readRecorded('a-tiny-warm1', 'dump.log').toString('latin1');

const older: readonly { readonly what: string; readonly rewrite: (log: string) => string }[] = [
  { what: 'no prefix before 3.18: network', rewrite: (log) => log.replaceAll(') net: ', ') ') },
  {
    what: 'no prefix before 3.18: mounts, page-xfer',
    rewrite: (log) => log.replaceAll(') mnt: Dumping', ') Dumping').replaceAll(') page-xfer: ', ') '),
  },
  { what: 'no comm before 3.18', rewrite: (log) => log.replace(/(\(pid: \d+) comm: [^)\n]*\)/g, '$1)') },
  {
    what: 'the freezer’s own words before 4.1',
    rewrite: (log) =>
      log.replace(/freezing cgroup .*: (\d+) x 100ms attempts.*/g, 'freezing processes: $1 attempts with 100 ms steps'),
  },
  { what: 'no run id before 3.19', rewrite: (log) => log.replace(/^\(00\.000000\) CRIU run id = .*\n/gm, '') },
  { what: 'Sockects, up to 4.1.1', rewrite: (log) => log.replaceAll('Sockets collect', 'Sockects collect') },
];

/** Names with begin and length: lines may go, times stay. */
function phasesOf(log: string): readonly string[] {
  const tree = treeOf(digestLog('f', [Buffer.from(log, 'latin1')]));
  return (tree?.children ?? []).map(({ phase, startUs, endUs }) => `${phase.name} ${startUs} ${endUs - startUs}`);
}

test.each(older)('$what: the same phases', ({ rewrite }) => {
  const log = rewrite(newer);
  expect(phasesOf(log)).toEqual(phasesOf(newer));
});

test('a log beyond 100 s: up to 3.17.1 the time loses its bracket, from 3.18 on a digit', () => {
  const later = (form: (seconds: number, us: string) => string) =>
    newer.replace(/^\((\d{2})\.(\d{6})\) /gm, (_, seconds: string, us: string) =>
      us === '000000' ? `(${seconds}.${us}) ` : form(Number(seconds) + 100, us),
    );
  const bracketless = phasesOf(later((seconds, us) => `(${seconds}.${us} `));
  expect(bracketless.map((phase) => phase.split(' ')[0])).toEqual(phasesOf(newer).map((phase) => phase.split(' ')[0]));
  const shortened = phasesOf(later((seconds, us) => `(${seconds}.${us.slice(0, 5)}) `));
  expect(shortened.map((phase) => phase.split(' ')[0])).toEqual(bracketless.map((phase) => phase.split(' ')[0]));
  expect(Number(bracketless.at(-1)?.split(' ')[1])).toBeGreaterThan(100_000_000);
});

describe('what a lower log level leaves out is said', () => {
  const missing = (name: string) => missingDetail(digestLog('f', [readRecorded(name, 'dump.log')]));

  test.each([
    ['v-tiny-cli-v4', null],
    ['v-tiny-cli-v3', expect.stringContaining('written at -v3: the cgroup freezer')],
    ['sid421-v-tiny-cli-v3', expect.stringContaining('written at -v3')],
  ])('%s', (name, expected) => {
    expect(missing(name)).toEqual(expected);
  });

  test('-v2: no times', () => {
    const digest = digestLog('f', [readRecorded('v-tiny-cli-v2', 'dump.log')]);
    expect(missingDetail({ ...digest, kind: 'dump' })).toMatch(/written at -v2 or less/);
  });
});
