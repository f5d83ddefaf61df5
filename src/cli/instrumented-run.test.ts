import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathRules } from '../instrument/path-rules.ts';
import { gapRules } from '../trace/gap-rules.ts';
import type { Trace } from '../trace/span.ts';
import { loadTrace } from './load-trace.ts';

/** A move by Docker's own path with dockerd, containerd, shim and runc instrumented. */
const recorded = join(import.meta.dirname, '../../test/recorded/runs/instrumented-26');
const folders: string[] = [];
let instrumented: Trace;
let stock: Trace;

function traceBut(left: RegExp): Trace {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  folders.push(folder);
  cpSync(recorded, folder, { recursive: true, filter: (path) => !left.test(basename(path)) });
  return loadTrace({ run: 'instrumented-26', path: folder });
}

beforeAll(() => {
  instrumented = traceBut(/^trace\.otlp/);
  stock = traceBut(/^(?:trace\.otlp|source\.jsonl)/);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function callersOf({ spans }: Trace, name: string): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const names: string[] = [];
  for (let at = spans.find((span) => span.name === name); at !== undefined; at = byId.get(at.parentSpanId ?? ''))
    names.push(at.name);
  return names;
}

test('one tree from Docker’s API down to CRIU, each function below the one that calls it', () => {
  expect(callersOf(instrumented, 'criu.dump')).toMatchInlineSnapshot(`
    [
      "criu.dump",
      "runc.criu.dump",
      "runc.criu-swrk",
      "runc.container-checkpoint",
      "runc.checkpoint",
      "go-runc.checkpoint",
      "shim.init-do-checkpoint",
      "shim.init-checkpoint",
      "shim.container-checkpoint",
      "shim.service-checkpoint",
      "containerd.shim-checkpoint",
      "containerd.checkpoint",
      "containerd.services.tasks.v1.Tasks/Checkpoint",
      "containerd-client.checkpoint-task",
      "containerd-client.checkpoint",
      "dockerd.create-checkpoint",
      "dockerd.checkpoint-create",
      "dockerd.post-container-checkpoint",
      "POST /containers/{name:.*}/checkpoints",
      "docker.api POST /containers/{id}/checkpoints",
      "migration.checkpoint.checkpoint",
      "migration.checkpoint",
      "migration",
    ]
  `);
  expect(callersOf(instrumented, 'criu.restore')).toMatchInlineSnapshot(`
    [
      "criu.restore",
      "runc.criu.restore",
      "runc.criu-swrk",
      "runc.container-restore",
      "runc.run",
      "runc.start-container",
      "runc.restore",
      "go-runc.restore",
      "shim.start-checkpointed",
      "shim.container-start",
      "shim.service-start",
      "containerd.shim-start",
      "containerd.start",
      "containerd.services.tasks.v1.Tasks/Start",
      "containerd-client.task-start",
      "dockerd.task-start",
      "dockerd.container-start",
      "dockerd.container-start-request",
      "dockerd.post-containers-start",
      "POST /containers/{name:.*}/start",
      "docker.api POST /containers/{id}/start",
      "migration.restore.start",
      "migration.restore",
      "migration",
    ]
  `);
  expect(instrumented.inconsistencies).toEqual([]);
});

test('of the downtime 99 % is known by spans of which both ends were seen, or that end as the next thing began', () => {
  const { bounded, untilNext } = instrumented.explained ?? { bounded: 0, untilNext: 0 };
  expect(bounded + untilNext).toBeGreaterThan(0.99);
});

test('without what the instrumented programs left it is the same trace, less deep', () => {
  const own = new Set([...pathRules, ...gapRules].map(({ name }) => name));
  const names = ({ spans }: Trace) => [...new Set(spans.map(({ name }) => name))].filter((name) => !own.has(name)).sort();
  expect(names(stock)).toEqual(names(instrumented));
  expect(stock.spans.filter(({ name }) => pathRules.some((rule) => rule.name === name))).toEqual([]);
  expect(stock.downtime).toEqual(instrumented.downtime);
});

/*
 * the log and the times of files   ├ make-image ┤ tick ├ unpack ┤      ├ unpack ┤ tick ├ start.shim ┤
 * dockerd's spans, kernel's events ├ make-image ──┤unpack                     ├ start.shim ─────────┤
 */
test('an end that the time of a file leaves open by a tick is where dockerd’s own spans, or the kernel’s events, have it', () => {
  const one = ({ spans }: Trace, name: string, service?: string) => {
    const found = spans.find((span) => span.name === name && (service === undefined || span.service === service));
    if (found === undefined) throw new Error(`no ${name}`);
    return { startNs: found.startNs, endNs: found.startNs + found.durationNs };
  };
  const share = (startNs: bigint, endNs: bigint, whole: bigint): number => Number(endNs - startNs) / Number(whole);
  const image = one(stock, 'dockerd.checkpoint.make-image');
  expect(image.endNs).toBe(one(stock, 'dockerd.checkpoint.unpack').startNs);
  const applied = one(instrumented, 'archive.apply', 'dockerd').startNs;
  const indexed = one(instrumented, 'containerd-client.write-index').endNs;
  expect(share(image.startNs, image.endNs, applied - indexed)).toBeCloseTo(1, 1);

  const shim = one(stock, 'containerd.start.shim');
  expect(shim.startNs).toBe(one(stock, 'shim.start').startNs);
  const unpacked = one(instrumented, 'archive.apply', 'containerd').endNs;
  const started = one(instrumented, 'containerd.shim-binary-start').endNs;
  const off = share(shim.startNs, shim.endNs, started - unpacked);
  expect([off > 0.9, off < 1.1]).toEqual([true, true]);
  // where neither is at hand the tick stays open
  const bare = traceBut(/^(?:trace\.otlp|source\.jsonl|otlp\.jsonl|kernel\.trace|wrap\.jsonl)/);
  expect(one(bare, 'dockerd.checkpoint.make-image').endNs).toBeLessThan(image.endNs);
  expect(one(bare, 'containerd.start.shim').startNs).toBeGreaterThan(shim.startNs);
});
