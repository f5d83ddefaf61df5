import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { gapCauses } from '../../src/layers/criu/gap-causes.ts';
import { notifications } from '../../src/layers/criu/notifications.ts';
import { leafCauses } from '../../src/trace/leaf-causes.ts';
import type { Span, Trace } from '../../src/trace/span.ts';
import { untoldLeaves } from '../untold-leaves.ts';

const runs = ['test/recorded/runs', 'traces'].flatMap(
  (folder) =>
    readdirSync(join(packageRoot(), folder))
      .map((run) => join(folder, run))
      .filter((run) => existsSync(join(packageRoot(), run, 'run.json')) && !/^traces\/(?!sample-)/.test(run)), // not those of whoever works here
);

const traceOf = (run: string): Trace => loadTrace({ run, path: join(packageRoot(), run) });

const known: ReadonlySet<unknown> = new Set([
  ...Object.values(leafCauses).map(({ what }) => what),
  ...gapCauses.map(({ what }) => what),
  ...notifications.map(({ meaning }) => meaning),
]);

test('there are recorded runs of docker and of diskless', () => {
  expect(runs.length).toBeGreaterThanOrEqual(10);
});

test.each(runs)('%s: every leaf over a tenth of the downtime tells bytes or a cause, of the closed lists', (run) => {
  const trace = traceOf(run);
  expect(trace.downtime).not.toBeNull();
  expect(untoldLeaves(trace)).toEqual([]);
  const causes = trace.spans.flatMap(({ attributes }) => attributes['migration.cause'] ?? []);
  expect(causes.filter((cause) => !known.has(cause))).toEqual([]);
});

describe('without what tells, a leaf is named, with its share', () => {
  const without = (trace: Trace, names: readonly string[], name: string): Trace => ({
    ...trace,
    spans: trace.spans.map((span): Span => {
      const attributes = Object.fromEntries(Object.entries(span.attributes).filter(([key]) => !names.includes(key)));
      return span.name === name ? { ...span, attributes } : span;
    }),
  });

  test.each([
    ['test/recorded/runs/redis-diskless', 'criu.page-server.session', ['migration.bytes']],
    ['test/recorded/runs/redis-diskless', 'criu.restore.pages', ['migration.bytes']],
    ['test/recorded/runs/redis-diskless', 'criu.dump.disconnect', ['migration.cause']],
    ['traces/sample-redis', 'dockerd.checkpoint.unpack', ['migration.bytes', 'migration.inferred.reason']],
    ['test/recorded/runs/instrumented-26', 'archive.apply', ['migration.bytes']],
  ])('%s: %s', (run, name, attributes) => {
    const trace = traceOf(run);
    const span = trace.spans.find((one) => one.name === name);
    expect(span?.attributes).toHaveProperty(['code.function.name']);
    expect(untoldLeaves(without(trace, attributes, name))).toEqual([
      expect.stringMatching(new RegExp(`^${name} on [ab]: [1-9]\\d[\\d.]* % of the downtime$`)),
    ]);
  });

  test('of a leaf that goes beyond the downtime, the part in it counts', () => {
    const trace = without(traceOf('test/recorded/runs/redis-diskless'), ['migration.bytes'], 'criu.page-server.session');
    const session = trace.spans.find(({ name }) => name === 'criu.page-server.session') as Span;
    const wholeNs = (trace.downtime?.endNs ?? 0n) - (trace.downtime?.startNs ?? 0n);
    const shown = (percent: bigint) => {
      const endNs = session.startNs + (wholeNs * percent) / 100n;
      return untoldLeaves({ ...trace, downtime: { startNs: endNs - wholeNs, endNs } });
    };
    expect([shown(11n).length, shown(9n).length]).toEqual([1, 0]);
  });
});
