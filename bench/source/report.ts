import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRecords } from '../../src/evidence/json-lines.ts';
import { sourceRecord } from '../../src/evidence/record-schemas.ts';
import type { SourceRecord } from '../../src/evidence/records.ts';
import { hostEvidence } from '../../src/evidence/run-folder.ts';
import { medianOf } from '../../src/trace/median-interval.ts';
import type { Comparison, Ownership } from './inferred.ts';
import type { Moved } from './moves.ts';

export const limits = {
  onNs: 10_000,
  offNs: 100,
  /** Of the downtime, by spans whose ends are known. */
  surePercent: 99,
  costPercent: 2,
  pairRatio: 1.1,
  inferredPercent: 10,
} as const;

export const print = (line: string) => process.stdout.write(`${line}\n`);
export const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Whoever asks for the exit status is told of every limit that was exceeded. */
export function verdict(isMet: boolean, what: string): string {
  if (!isMet) process.exitCode = 5;
  return isMet ? `within ${what}` : `OVER ${what}`;
}

/** How much of the downtime is known for sure, and what the spans cost of it. */
export function printMove({ folder, trace, downtimeMs }: Moved, spanNs: number): void {
  const { bounded = 0, untilNext = 0, inferred = 0 } = trace.explained ?? {};
  const percent = (share: number) => (100 * share).toFixed(2);
  const sure = 100 * (bounded + untilNext);
  print(
    `explained  ${percent(bounded)} % bounded + ${percent(untilNext)} % until-next = ${sure.toFixed(2)} % of ${downtimeMs.toFixed(0)} ms; ${percent(inferred)} % inferred   ${verdict(sure >= limits.surePercent, `${limits.surePercent} % at least`)}`,
  );
  const window = trace.downtime ?? { startNs: 0n, endNs: 0n };
  const events = ['a', 'b'].flatMap((host) => eventsOf(join(hostEvidence(folder, host), 'source.jsonl')));
  const count = events.filter(({ endNs }) => window.startNs <= BigInt(endNs) && BigInt(endNs) <= window.endNs).length;
  const cost = (100 * count * spanNs) / 1e6 / downtimeMs;
  print(
    `cost       ${count} events x ${(spanNs / 1e3).toFixed(1)} us = ${cost.toFixed(2)} % of the downtime   ${verdict(cost <= limits.costPercent, `${limits.costPercent} %`)}`,
  );
}

function eventsOf(file: string): readonly SourceRecord[] {
  return existsSync(file) ? readRecords(file, sourceRecord) : [];
}

/** File times are those of the kernel's last tick (6 ms at most were seen): a rule that goes by them leaves that out of its stretch. */
const fileTimeUs = 6_500;
/** A line of a log is dated before it is written: the function that it is of begins so much later. */
const lineUs = 200;

/** Rows of one rule and what it went by, all moves together. */
function grouped<T extends { readonly name: string; readonly evidence: string }>(all: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(`${one.name} ${one.evidence}`, [...(groups.get(`${one.name} ${one.evidence}`) ?? []), one]);
  return [...groups.values()];
}

/** One row a rule and what it went by: medians over all moves. */
export function printInferred(all: readonly Comparison[]): void {
  print('\nrules by which spans are inferred, against what the programs tell themselves');
  print(`${'rule'.padEnd(34)} ${'gone by'.padEnd(20)}   rule ms  shown ms   off by   begin us    end us  stretches`);
  for (const rows of grouped(all)) {
    const [{ name, evidence, isByFileTime }] = rows as [Comparison];
    const middle = (of: (row: Comparison) => number) => medianOf(rows.map(of));
    const off = middle(({ ruleMs, shownMs }) => (100 * (ruleMs - shownMs)) / shownMs);
    const ends = [middle(({ offUs }) => offUs[0]), middle(({ offUs }) => offUs[1])] as const;
    const numbers = [
      middle(({ ruleMs }) => ruleMs)
        .toFixed(2)
        .padStart(9),
      middle(({ shownMs }) => shownMs)
        .toFixed(2)
        .padStart(9),
      `${off.toFixed(1).padStart(6)} %`,
      ...ends.map((us) => us.toFixed(0).padStart(9)),
    ];
    print(
      `${name.padEnd(34)} ${evidence.padEnd(20)} ${numbers.join(' ')}  ${rows.length}   ${inferredVerdict(off, ends, isByFileTime)}`,
    );
  }
}

function inferredVerdict(off: number, ends: readonly number[], isByFileTime: boolean): string {
  if (isByFileTime && Math.abs(off) > limits.inferredPercent && ends.every((us) => Math.abs(us) <= fileTimeUs))
    return 'within the tick of its file times';
  if (Math.abs(off) > limits.inferredPercent && ends.every((us) => Math.abs(us) <= lineUs))
    return `within ${lineUs} us, what a line of a log takes`;
  return verdict(Math.abs(off) <= limits.inferredPercent, `${limits.inferredPercent} %`);
}

/** Stretches that are given to a program: how much of them the program says was its own. */
export function printOwners(all: readonly Ownership[]): void {
  for (const rows of grouped(all)) {
    const [{ name, evidence }] = rows as [Ownership];
    const [ruleMs, ownMs] = [medianOf(rows.map((row) => row.ruleMs)), medianOf(rows.map((row) => row.ownMs))];
    const off = medianOf(rows.map((row) => (100 * (row.ownMs - row.ruleMs)) / row.ruleMs));
    print(
      `${name.padEnd(34)} ${evidence.padEnd(20)} ${ruleMs.toFixed(2).padStart(9)} ${ownMs.toFixed(2).padStart(9)} ${off.toFixed(1).padStart(6)} %   whose doing it was   ${verdict(-off <= limits.inferredPercent, `${limits.inferredPercent} %`)}`,
    );
  }
}
