import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { handMadeSpan } from '../../test/hand-made-trace.ts';
import { readCase } from '../../test/recorded/criu-cases.ts';
import { loadTrace } from '../cli/load-trace.ts';
import { openRun } from '../evidence/open-run.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import { spansOf } from '../layers/criu/spans.ts';
import { assemble } from './assemble.ts';
import { blame } from './blame.ts';
import { criticalPath } from './critical-path.ts';
import { savingRules } from './saving-rules.ts';
import { savings } from './savings.ts';
import type { Trace } from './span.ts';

const runs = ['redis-docker', 'redis-diskless', 'docker-small', 'sample-redis', 'sample-auto', 'sample-failed'];
const placeOf = (run: string) => (run.startsWith('sample-') ? run : join(packageRoot(), 'test/recorded/runs', run));
const traces = new Map(runs.map((run) => [run, loadTrace(openRun(placeOf(run)))]));
const traceOf = (run: string) => traces.get(run) as Trace;
const savingsOf = (trace: Trace) => savings(trace, criticalPath(trace));

describe.each(runs)('%s: who had its downtime', (run) => {
  const trace = traceOf(run);
  const blamed = blame(trace, criticalPath(trace));
  const { startNs, endNs } = trace.downtime ?? { startNs: 0n, endNs: 0n };

  test('either table adds up to the downtime, to the nanosecond', () => {
    const sum = (rows: readonly { readonly sumNs: bigint }[]) => rows.reduce((total, { sumNs }) => total + sumNs, 0n);
    expect(blamed.wholeNs).toBe(endNs - startNs);
    expect(sum(blamed.layers)).toBe(endNs - startNs);
    expect(sum(blamed.operations)).toBe(endNs - startNs);
    for (const { byPhase, sumNs } of blamed.layers)
      expect([...byPhase.values()].reduce((total, ns) => total + ns, 0n)).toBe(sumNs);
  });

  test('what is unexplained is what `show` calls so', () => {
    const { bounded, untilNext, inferred } = trace.explained ?? { bounded: 0, untilNext: 0, inferred: 0 };
    const dark = blamed.layers.find(({ layer }) => layer === 'unexplained')?.sumNs ?? 0n;
    expect(Number(dark) / Number(endNs - startNs)).toBeCloseTo(1 - bounded - untilNext - inferred, 6);
  });

  test('phases of the run in order of time', () => {
    const order = ['checkpoint', 'transfer', 'restore', 'rollback'];
    expect(blamed.phases.filter((phase) => phase !== 'between')).toEqual(order.slice(0, run === 'sample-failed' ? 4 : 3));
  });
});

/** Logs alone, as `transship import` has them. */
function imported(name: string): Trace {
  const anchor = { zeroNs: 1_000_000_000_000_000_000n, boundNs: 0n, means: 'none' } as const;
  const logs = readCase(name).map((log) => ({ ...log, name: log.digest.file, anchor }));
  return assemble({
    traceId: 'a'.repeat(32),
    run: name,
    layers: spansOf({ host: 'a', logs, parents: [], warnings: [] }),
    clocks: [],
  });
}

/*
 * By hand from the evidence: times of the lines that begin and end each, less what the rule says would remain.
 *
 * redis-docker   a/dockerd.log:7-8 create image … delete image 3055.614, :5-6 pack 441.239, :6-7 index 3.440;
 *                b/dockerd.log:34-36 single walk … shim bootstrap 2330.713          = 5831.006
 *                b/dockerd.log:18-33 addresses … bundle dir created 32.282, :36-45 create 7.310 = 39.592
 *                a/dump.log:5919-5922 unlock 67.792, b/restore.log:1783-1792 59.331, less 15 each = 97.123
 *                b/restore.log:388 setup-namespaces … first `cg: Move into` 76.968, less 12 = 64.968
 *                5926 + 1837 lines = 7.763
 * redis-diskless a/dump.log:3489-3490 disconnect 167.366, less 1;  b/restore.log:267-270 hook 73.658, less 12
 * a-tiny-cold    dump.log:67 the first line after kdat 28.470, less 1;  :149-154 freezer 100.409: one sleep of 100
 * c-redis200     dump.log:99-104 freezer 100.250: one sleep;  restore.log:1294-1297 unlock 55.973, less 15
 */
test.each([
  [
    'redis-docker',
    () => traceOf('redis-docker'),
    { 'content-store': 5831.006, 'cold-destination': 39.592, 'iptables-lock': 97.123 },
  ],
  ['redis-docker', () => traceOf('redis-docker'), { 'network-hook': 64.968, 'log-level': 7.763 }],
  ['redis-diskless', () => traceOf('redis-diskless'), { 'page-server-end': 166.366, 'network-hook': 61.658 }],
  ['a-tiny-cold', () => imported('a-tiny-cold'), { 'cold-kdat': 27.47, 'freezer-poll': 100 }],
  ['c-redis200', () => imported('c-redis200'), { 'freezer-poll': 100, 'iptables-lock': 40.973 }],
])('%s: what would shorten it, as reckoned by hand from its logs', (_run, trace, expected) => {
  const found = new Map(savingsOf(trace()).map(({ rule, savingNs }) => [rule.name, Number(savingNs) / 1e6]));
  for (const [rule, ms] of Object.entries(expected)) expect(Math.abs((found.get(rule) ?? 0) - ms), rule).toBeLessThan(0.02);
});

test('what a run does not have cannot be saved: diskless has no content store, no iptables, no poll; a warm kdat is none', () => {
  const names = savingsOf(traceOf('redis-diskless')).map(({ rule }) => rule.name);
  for (const name of ['content-store', 'image-copy', 'cold-destination', 'iptables-lock', 'freezer-poll', 'cold-kdat'])
    expect(names).not.toContain(name);
  expect(savingsOf(imported('c-redis200')).map(({ rule }) => rule.name)).not.toContain('cold-kdat');
});

/*
 * migration        ├───────────────────────────┤ 0-400 ms
 * criu.restore.init    ├──────┤                   20-60
 * shell tar          ├────────────┤               10-80: it ended later
 * criu.dump.init                     ├─────┤      100-140
 */
test('what went on beside something longer cannot be saved', () => {
  const at = (name: string, fromMs: number, forMs: number, id: number) =>
    handMadeSpan({
      spanId: String(id).padStart(16, '0'),
      parentSpanId: '1'.padStart(16, '0'),
      name,
      atUs: fromMs * 1e3,
      forUs: forMs * 1e3,
    });
  const spans = [
    handMadeSpan({ spanId: '1'.padStart(16, '0'), atUs: 0, forUs: 400_000 }),
    at('criu.restore.init', 20, 40, 2),
    at('shell tar', 10, 70, 3),
    at('criu.dump.init', 100, 40, 4),
  ];
  const startNs = spans[0]?.startNs ?? 0n;
  const path = criticalPath({ spans, downtime: { startNs, endNs: startNs + 400_000_000n } });
  const found = savings({ spans }, path).map(({ rule, savingNs, found }) => [rule.name, savingNs, found.map(({ name }) => name)]);
  expect(found).toEqual([['cold-kdat', 39_000_000n, ['criu.dump.init']]]);
});

test('by post-copy nothing is said of memory', () => {
  const trace = traceOf('redis-diskless');
  const [root, ...rest] = trace.spans;
  if (root === undefined) throw new Error('no spans');
  const postCopy = {
    ...trace,
    spans: [{ ...root, attributes: { ...root.attributes, 'migration.strategy': 'post-copy' } }, ...rest],
  };
  const of = (one: Trace) => savingsOf(one).find(({ rule }) => rule.name === 'memory');
  expect([of(trace) === undefined, of(postCopy)]).toEqual([false, undefined]);
});

test('no saving is larger than the downtime, and each rule finds something in some recorded run', () => {
  const all = runs.map(traceOf);
  for (const trace of all) {
    const wholeNs = (trace.downtime?.endNs ?? 0n) - (trace.downtime?.startNs ?? 0n);
    for (const { savingNs } of savingsOf(trace)) expect(savingNs <= wholeNs).toBe(true);
  }
  const found = new Set([...all, imported('a-tiny-cold')].flatMap((trace) => savingsOf(trace).map(({ rule }) => rule.name)));
  expect(savingRules.filter(({ name }) => !found.has(name))).toEqual([]);
});
