import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attributeCatalogue } from '../catalogue/attributes.ts';
import { isNamed } from '../catalogue/names.ts';
import { readManifest } from '../evidence/open-run.ts';
import { type RunFolder, runFiles, writeManifest } from '../evidence/run-folder.ts';
import type { Span, Trace } from '../trace/span.ts';
import { explainedOf } from '../trace/trace-leaves.ts';
import { loadTrace } from './load-trace.ts';

const recorded = join(import.meta.dirname, '../../test/recorded/runs/docker-small');
let folder: RunFolder;

beforeEach(() => {
  folder = { run: 'tiny1', path: mkdtempSync(join(tmpdir(), 'run-')) };
  cpSync(recorded, folder.path, { recursive: true });
});
afterEach(() => rmSync(folder.path, { recursive: true }));

function spanOf(trace: Trace, name: string): Span {
  const span = trace.spans.find((candidate) => candidate.name === name);
  if (span === undefined) throw new Error(`no span ${name}`);
  return span;
}

/** Names from a span up to the root. */
function pathOf(trace: Trace, name: string): readonly string[] {
  const byId = new Map(trace.spans.map((span) => [span.spanId, span]));
  const path: string[] = [];
  for (let at: Span | undefined = spanOf(trace, name); at !== undefined; at = byId.get(at.parentSpanId ?? '')) path.push(at.name);
  return path;
}

describe('a recorded run', () => {
  test('hangs CRIU under dockerd, dockerd under the call, the call under the step, on each side', () => {
    const trace = loadTrace(folder);
    expect(pathOf(trace, 'criu.dump')).toEqual([
      'criu.dump',
      'dockerd.checkpoint',
      'docker.api POST /containers/{id}/checkpoints',
      'migration.checkpoint.checkpoint',
      'migration.checkpoint',
      'migration',
    ]);
    expect(pathOf(trace, 'criu.restore')).toEqual([
      'criu.restore',
      'dockerd.start',
      'docker.api POST /containers/{id}/start',
      'migration.restore.start',
      'migration.restore',
      'migration',
    ]);
    expect(trace.spans.filter((span) => span.parentSpanId === undefined).map((span) => span.name)).toEqual(['migration']);
  });

  test('contradicts nothing, and says how much of its downtime it explains', () => {
    const trace = loadTrace(folder);
    expect(trace.inconsistencies).toEqual([]);
    expect(trace.warnings).toEqual([]);
    const { bounded, untilNext, inferred } = trace.explained ?? { bounded: 0, untilNext: 0, inferred: 0 };
    expect([bounded, untilNext, inferred].map((share) => Math.round(share * 1000) / 10)).toEqual([45.3, 30.8, 16.5]);
    for (const name of ['criu.dump', 'criu.restore']) {
      const { startNs, durationNs } = spanOf(trace, name);
      expect(explainedOf(trace, { startNs, endNs: startNs + durationNs }, 'criu')).toBeGreaterThan(0.9);
    }
  });

  test('has attributes that the catalogue knows, and no others', () => {
    const names = loadTrace(folder).spans.flatMap((span) => [span, ...span.events].flatMap((one) => Object.keys(one.attributes)));
    expect([...new Set(names)].filter((name) => !isNamed(attributeCatalogue, name))).toEqual([]);
  });

  test('gives the same trace each time, and leaves it beside the evidence', () => {
    const first = loadTrace(folder);
    expect(existsSync(join(folder.path, runFiles.trace))).toBe(true);
    expect(loadTrace(folder)).toEqual(first);
  });
});

describe('a recorded run with less in it', () => {
  test.each([
    ['no dockerd.log', 'evidence/b/dockerd.log', 'docker.api POST /containers/{id}/start'],
    ['no calls of the API', 'evidence/b/api.jsonl', 'dockerd.start'],
    ["no files.json: CRIU's log has no place in time but its step", 'evidence/b/criu/files.json', 'dockerd.start'],
  ])('%s', (_, file, caller) => {
    rmSync(join(folder.path, file));
    const trace = loadTrace(folder);
    expect(pathOf(trace, 'criu.restore')[1]).toBe(caller);
    expect(trace.inconsistencies).toEqual([]);
  });

  test('no clock was read: said, and the shares are given all the same', () => {
    writeManifest(folder, { ...readManifest(folder), clocks: [] });
    const trace = loadTrace(folder);
    expect(trace.warnings).toEqual([
      'a: its clock was never read; its times are taken as they are',
      'b: its clock was never read; its times are taken as they are',
    ]);
    expect(trace.clock).toBeNull();
  });

  test('a destination whose clock jumped is inconsistent, and none of its spans is moved to hide it', () => {
    const manifest = readManifest(folder);
    const clocks = manifest.clocks.map((clock) => (clock.host === 'b' ? { ...clock, offsetNs: '5000000000' } : clock));
    writeManifest(folder, { ...manifest, clocks });
    expect(
      loadTrace(folder).inconsistencies.some((text) =>
        text.startsWith('dockerd.start (b) begins before migration.restore.start'),
      ),
    ).toBe(true);
  });

  test('a damaged journal is an error with file and line', () => {
    const [firstLine] = readFileSync(join(folder.path, runFiles.journal), 'utf8').split('\n');
    writeFileSync(join(folder.path, runFiles.journal), `${firstLine}\nnonsense\n`);
    expect(() => loadTrace(folder)).toThrow(/journal\.jsonl:2: /);
  });
});

describe('what packs and unpacks the images says how many bytes, and how many a second', () => {
  const runs = 'test/recorded/runs';
  test.each([
    [`${runs}/native-26`, 461_231],
    [`${runs}/native-28`, 467_592],
    [`${runs}/instrumented-26`, 134_876_460],
    [`${runs}/redis-docker`, 196_291_324],
    ['traces/sample-layers', 65_776_388],
  ])('%s: by dockerd’s own spans, and by its log', (run, bytes) => {
    const path = join(folder.path, 'other');
    cpSync(join(import.meta.dirname, '../..', run), path, { recursive: true });
    const trace = loadTrace({ run: 'other', path });
    for (const name of ['containerd.checkpoint.pack', 'dockerd.checkpoint.unpack']) {
      const { attributes } = spanOf(trace, name);
      expect([name, attributes['migration.bytes']]).toEqual([name, bytes]);
      expect(attributes['migration.bytes_per_second']).toBeGreaterThan(1_000_000);
    }
  });
});

test.each(['sample-auto', 'sample-layers', 'sample-redis'])('%s: what looks on from outside calls nobody', (run) => {
  const path = join(folder.path, 'other');
  cpSync(join(import.meta.dirname, '../../traces', run), path, { recursive: true });
  const { spans } = loadTrace({ run, path });
  const onlookers = new Set(spans.filter(({ name }) => name.startsWith('probe.')).map(({ spanId }) => spanId));
  expect(onlookers.size).toBe(3);
  expect(spans.filter(({ parentSpanId }) => onlookers.has(parentSpanId ?? '')).map(({ name }) => name)).toEqual([]);
});
