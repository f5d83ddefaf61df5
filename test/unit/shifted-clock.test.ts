import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { readManifest } from '../../src/evidence/open-run.ts';
import { packageRoot, writeManifest } from '../../src/evidence/run-folder.ts';
import type { Trace } from '../../src/trace/span.ts';

const root = mkdtempSync(join(tmpdir(), 'shifted-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A wrong clock: ahead by so much at the run's start, and gaining so much a second. */
interface Wrong {
  readonly aheadNs: bigint;
  readonly gainsPpm: bigint;
}

/**
 * The same run, as it would have been recorded had that host's clock been wrong: everything that the host itself dated is moved (its daemons'
 * log, spans and events, its files, its boot time, its scripts' marks), and what we measured of its clock with it, unless `isUnnoticed`.
 */
function recordedWith(run: string, host: string, { aheadNs, gainsPpm }: Wrong, isUnnoticed = false): Trace {
  const path = join(root, `${run}-${host}-${aheadNs}-${gainsPpm}-${isUnnoticed}`);
  cpSync(join(packageRoot(), 'test/recorded/runs', run), path, { recursive: true });
  const folder = { run, path };
  const manifest = readManifest(folder);
  const errorAt = (ns: bigint) => aheadNs + ((ns - BigInt(manifest.createdNs)) * gainsPpm) / 1_000_000n;
  const wrong = (ns: bigint) => ns + errorAt(ns);
  for (const file of filesIn(join(path, 'evidence', host))) {
    if (/\/(api|commands)\.jsonl$/.test(file)) continue; // dated by us
    const rewrite = /\.log$/.test(file) ? logTimes : file.endsWith('.json') || file.endsWith('.jsonl') ? jsonTimes : null;
    if (rewrite !== null) writeFileSync(file, rewrite(readFileSync(file, 'latin1'), wrong), 'latin1');
  }
  const clocks = manifest.clocks.map((clock) =>
    clock.host === host && !isUnnoticed
      ? { ...clock, offsetNs: String(BigInt(clock.offsetNs) + errorAt(BigInt(clock.takenNs) + BigInt(clock.offsetNs))) }
      : clock,
  );
  writeManifest(folder, { ...manifest, clocks });
  return loadTrace(folder);
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name);
    return statSync(file).isDirectory() ? filesIn(file) : file;
  });
}

function jsonTimes(text: string, wrong: (ns: bigint) => bigint): string {
  const keys = 'timeNs|mtimeNs|birthNs|startTimeUnixNano|endTimeUnixNano|timeUnixNano|realtimeMinusBoottimeNs';
  return text.replace(
    new RegExp(`("(?:${keys})": ?")(\\d+)"`, 'g'),
    (_, key: string, ns: string) => `${key}${wrong(BigInt(ns))}"`,
  );
}

/** dockerd's `time="…"`, and the marks of scripts; CRIU's own logs begin at zero. */
function logTimes(text: string, wrong: (ns: bigint) => bigint): string {
  const daemons = text.replace(/^time="(\d{4}-\d\d-\d\dT[\d:]{8})\.(\d{9})Z"/gm, (_, seconds: string, fraction: string) => {
    const ns = wrong(BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction));
    return `time="${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z"`;
  });
  return daemons.replace(/^(\d{10})\.(\d{6}) (?=\S)/gm, (_, seconds: string, micros: string) => {
    const ns = wrong(BigInt(seconds) * 1_000_000_000n + BigInt(micros) * 1_000n);
    return `${ns / 1_000_000_000n}.${String((ns % 1_000_000_000n) / 1_000n).padStart(6, '0')} `;
  });
}

/** The tree without what nobody explains, whose pieces are cut at borders that move by nanoseconds. */
function tree({ spans }: Trace): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (id: string | undefined): string => {
    const span = byId.get(id ?? '');
    return span === undefined ? '' : `${pathOf(span.parentSpanId)}/${span.service} ${span.name} ${span.host}`;
  };
  return spans
    .filter(({ name }) => name !== 'unexplained')
    .map(({ spanId }) => pathOf(spanId))
    .sort();
}

/** How far the same span lies from where it was, at most. */
function farthestNs(one: Trace, other: Trace): bigint {
  const starts = new Map(other.spans.map(({ spanId, startNs }) => [spanId, startNs]));
  const named = one.spans.filter(({ name }) => name !== 'unexplained');
  expect(named.filter(({ spanId }) => !starts.has(spanId))).toEqual([]);
  return named.reduce((most, { spanId, startNs }) => {
    const by = startNs - (starts.get(spanId) as bigint);
    return by > most ? by : -by > most ? -by : most;
  }, 0n);
}

const minute = 60_000_000_000n;

describe.each(['docker-small', 'native-26', 'native-28'])('%s with a wrong clock on one host', (run) => {
  const right = recordedWith(run, 'a', { aheadNs: 0n, gainsPpm: 0n });

  test.each([
    ['a', { aheadNs: 3n * minute, gainsPpm: 0n }],
    ['b', { aheadNs: -7n * minute, gainsPpm: 0n }],
    ['b', { aheadNs: 0n, gainsPpm: 200n }],
    ['a', { aheadNs: 11n * minute, gainsPpm: -150n }],
  ] as const)('%s: %o gives the same tree, no span further off than 0.1 ms', (host, wrong) => {
    const trace = recordedWith(run, host, wrong);
    expect(trace.inconsistencies).toEqual(right.inconsistencies);
    expect(tree(trace)).toEqual(tree(right));
    expect(farthestNs(trace, right)).toBeLessThan(100_000n);
    expect(trace.explained?.bounded).toBeCloseTo(right.explained?.bounded ?? 0, 2);
  });

  test.each([
    ['a', 2n * minute],
    ['b', -2n * minute],
    ['b', 500_000_000n],
  ] as const)('%s: ahead by %i ns and not noticed is inconsistent, and said', (host, aheadNs) => {
    const trace = recordedWith(run, host, { aheadNs, gainsPpm: 0n }, true);
    expect(right.inconsistencies).toEqual([]);
    expect(trace.inconsistencies.length).toBeGreaterThan(0);
    expect(trace.inconsistencies[0]).toMatch(/ (begins before|ends after) .* by .*; the clocks allow /);
  });
});

/** Our own scripts on the hosts work by themselves there: no call of the controller encloses what they do, but some moments wait for others. */
describe('redis-diskless, past the content store, with a wrong clock on one host', () => {
  const right = recordedWith('redis-diskless', 'a', { aheadNs: 0n, gainsPpm: 0n });
  const ms = 1_000_000n;

  test.each([
    ['a', 3n * minute],
    ['b', -7n * minute],
  ] as const)('%s: ahead by %i ns and measured, it is the same tree', (host, aheadNs) => {
    const trace = recordedWith('redis-diskless', host, { aheadNs, gainsPpm: 0n });
    expect(trace.inconsistencies).toEqual([]);
    expect(tree(trace)).toEqual(tree(right));
    expect(farthestNs(trace, right)).toBeLessThan(100_000n);
  });

  test.each([
    ['a', 5n * ms, 'source.say-go (a) ends after migration.transfer.hand-over (controller)'],
    ['a', -100n * ms, 'source.freeze (a) begins before migration.checkpoint.dump (controller)'],
    ['b', -10n * ms, 'destination.unpack (b) begins before source.say-go (a)'],
    ['b', 30n * ms, 'runc.restore (b) ends after migration.restore.restore (controller)'],
  ] as const)('%s: ahead by %i ns and not noticed: %s', (host, aheadNs, words) => {
    const { inconsistencies } = recordedWith('redis-diskless', host, { aheadNs, gainsPpm: 0n }, true);
    expect(inconsistencies).toContainEqual(expect.stringContaining(`${words} by `));
  });
});
