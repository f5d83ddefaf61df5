import { describe, expect, test } from 'vitest';
import { type RecordedLog, readCase } from '../../../test/recorded/criu-cases.ts';
import type { CriuLog } from './evidence.ts';
import { type Parent, relationsOf } from './relations.ts';

/** Recorded logs as the evidence of an import has them; times by their order. */
function logsOf(...cases: readonly string[]): readonly CriuLog[] {
  return cases.flatMap((name) => readCase(name)).map(asLog);
}

function asLog(log: RecordedLog, index: number): CriuLog {
  return {
    name: `${index}`,
    ...log,
    anchor: { zeroNs: BigInt(index) * 10_000_000_000n, means: 'none', boundNs: 0n },
  };
}

function said(logs: readonly CriuLog[], parents: readonly Parent[] = []) {
  return [...relationsOf(logs, parents)].map(([log, { iteration, parent, dump, means }]) => {
    const other = parent ?? dump;
    return [log.digest.file, iteration, other?.digest.file ?? null, means];
  });
}

describe('a restore and its dump', () => {
  test('by the run id, though others lie beside them', () => {
    const [, , , restore] = said(logsOf('a-tiny-cold', 'a-tiny-warm1')) as unknown as string[][];
    expect(restore).toBeUndefined();
    expect(said(logsOf('a-tiny-cold', 'a-tiny-warm1'))).toEqual([
      ['a-tiny-cold/restore.log', null, 'a-tiny-cold/dump.log', expect.stringMatching(/^run id [\da-f-]{36}$/)],
      ['a-tiny-warm1/restore.log', null, 'a-tiny-warm1/dump.log', expect.stringMatching(/^run id /)],
    ]);
  });

  test('another dump’s id is another dump, even of as many processes', () => {
    const logs = [
      ...logsOf('a-tiny-cold').filter(({ digest }) => digest.kind === 'dump'),
      ...logsOf('a-tiny-warm1').filter(({ digest }) => digest.kind === 'restore'),
    ];
    expect(said(logs)).toEqual([]);
  });

  test('before 4.1 there is no id: by the processes, where only one dump has them', () => {
    const old = (log: CriuLog): CriuLog => ({ ...log, digest: { ...log.digest, runId: null, dumpRunId: null } });
    expect(said(logsOf('b-children10').map(old))).toEqual([
      ['b-children10/restore.log', null, 'b-children10/dump.log', 'the same 22 processes'],
    ]);
    const [dump, restore] = [logsOf('b-children10')[0], logsOf('a-tiny-cold')[1]] as [CriuLog, CriuLog];
    expect(said([old(dump), old(restore)])).toEqual([]);
  });
});

describe('a chain of pre-dumps', () => {
  const chain = logsOf('q-precopy-hot');

  test('by the pages that an earlier dump has, in the order of their times', () => {
    expect(said(chain).slice(0, 4)).toEqual([
      ['q-precopy-hot/p1/dump.log', 1, null, null],
      ['q-precopy-hot/p2/dump.log', 2, 'q-precopy-hot/p1/dump.log', null],
      ['q-precopy-hot/p3/dump.log', 3, 'q-precopy-hot/p2/dump.log', null],
      ['q-precopy-hot/f/dump.log', null, 'q-precopy-hot/p3/dump.log', null],
    ]);
    expect(said(chain)[4]?.slice(0, 3)).toEqual(['q-precopy-hot/restore/restore.log', null, 'q-precopy-hot/f/dump.log']);
  });

  test('of copies, whose times overlap, by their names', () => {
    const copies = [...chain]
      .reverse()
      .map((log) => ({ ...log, anchor: { ...log.anchor, zeroNs: BigInt(log.digest.endUs) * -1000n } }));
    const rounds = said(copies).filter(([, iteration]) => iteration !== null);
    expect(rounds.map(([file, iteration]) => `${file} ${iteration}`)).toEqual([
      'q-precopy-hot/p1/dump.log 1',
      'q-precopy-hot/p2/dump.log 2',
      'q-precopy-hot/p3/dump.log 3',
    ]);
  });

  test('by the parent links, whatever the times and the statistics say', () => {
    const parents = [
      { folder: 'q-precopy-hot/f', target: '../p3' },
      { folder: 'q-precopy-hot/p3', target: '../p2/' },
      { folder: 'q-precopy-hot/p2', target: '../p1' },
    ];
    const backwards = [...chain]
      .reverse()
      .map((log, index) => ({ ...log, statistics: null, anchor: { ...log.anchor, zeroNs: BigInt(index) * 10_000_000_000n } }));
    const rounds = said(backwards, parents).filter(([, , parent]) => !String(parent).includes('/f/'));
    expect(rounds.map(([file, iteration]) => [file, iteration])).toEqual([
      ['q-precopy-hot/p1/dump.log', 1],
      ['q-precopy-hot/p2/dump.log', 2],
      ['q-precopy-hot/p3/dump.log', 3],
      ['q-precopy-hot/f/dump.log', null],
    ]);
  });

  test('two chains are two, and pre-dumps that build on nothing are rounds of none', () => {
    const two = said(logsOf('q-precopy-hot', 'q-precopy-random')).filter(([, iteration]) => iteration !== null);
    expect(two.map(([, iteration]) => iteration)).toEqual([1, 2, 3, 1, 2, 3]);
    const alone = chain.filter(({ digest }) => digest.kind === 'pre-dump').map((log) => ({ ...log, statistics: null }));
    expect(said(alone).map(([, iteration, parent]) => [iteration, parent])).toEqual([
      [1, null],
      [1, null],
      [1, null],
    ]);
  });
});
