import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../evidence/manifest.ts';
import type { ApiRecord, JournalRecord } from '../../evidence/records.ts';
import type { LayerSpan } from '../../trace/layer-spans.ts';
import { apiTemplate } from './api-template.ts';
import { spansOf } from './spans.ts';

const facts = {
  endpoint: '',
  hostname: null,
  kernel: null,
  architecture: null,
  os: null,
  cpus: null,
  memoryBytes: null,
  cgroupVersion: null,
};
const versions = { docker: null, containerd: null, runc: null, criu: null };

const manifest: Manifest = {
  schema: 'transship.run/1',
  run: 'r1',
  kind: 'migration',
  traceId: 'a'.repeat(32),
  transship: '0',
  createdNs: '0',
  endedNs: '100',
  strategy: 'docker',
  container: { name: 'web', image: null, sourceId: 'c1', destinationId: null },
  hosts: { source: { name: 'a', ...facts, versions }, destination: { name: 'b', ...facts, versions } },
  clocks: [],
  outcome: 'migrated',
  error: null,
  warnings: [],
  probes: [],
  bytes: { images: null, pages: null, layer: null, volumes: null },
};

type Event = JournalRecord['event'];

function record([atNs, step, event]: readonly [number, string, Event], index: number): JournalRecord {
  const phase = step === 'pause' || step === 'checkpoint' ? 'checkpoint' : 'transfer';
  const detail = event.endsWith('failed') ? { message: 'no space left' } : event === 'note' ? { iteration: 1, pages: 5 } : {};
  return { seq: index + 1, step, phase, host: 'a', event, atNs: String(atNs), detail };
}

function call(method: string, path: string, [startNs, endNs]: readonly [number, number], status: number | null = 200): ApiRecord {
  return { method, path, status, startNs: String(startNs), endNs: String(endNs), error: null };
}

function built(
  journal: readonly (readonly [number, string, Event])[],
  api: readonly ApiRecord[] = [],
  of = manifest,
): readonly LayerSpan[] {
  const evidence = { manifest: of, journal: journal.map(record), hosts: [{ host: 'a', api, commands: [] }] };
  return spansOf(evidence)[0]?.spans ?? [];
}

function outline(spans: readonly LayerSpan[]): readonly string[] {
  return spans.map((span) => {
    const parent = spans.find((other) => other.key === span.parentKey)?.name ?? '-';
    const wait = span.isWait ? ' waits' : '';
    return `${span.name} < ${parent} ${span.startNs}-${span.endNs} ${span.evidence}${wait}${span.error ? ` ! ${span.error}` : ''}`;
  });
}

/*
 * migration      0├────────────────────────────┤100
 * checkpoint        10├─pause─┤20├─checkpoint─┤50
 * docker.api          12├─┤18      22├──────┤49
 * copy-images                                  60├──┤80
 */
test('steps stand under their phases, calls under their steps', () => {
  const journal = [
    [10, 'pause', 'begin'],
    [20, 'pause', 'end'],
    [20, 'checkpoint', 'begin'],
    [50, 'checkpoint', 'end'],
    [60, 'copy-images', 'begin'],
    [80, 'copy-images', 'end'],
  ] as const;
  const api = [
    call('POST', '/containers/c1/pause', [12, 18], 204),
    call('POST', '/v1.45/containers/c1/checkpoints', [22, 49], 201),
  ];
  expect(outline(built(journal, api))).toEqual([
    'migration < - 0-100 bounded',
    'migration.checkpoint < migration 10-50 bounded',
    'migration.transfer < migration 60-80 bounded',
    'migration.checkpoint.pause < migration.checkpoint 10-20 bounded waits',
    'migration.checkpoint.checkpoint < migration.checkpoint 20-50 bounded waits',
    'migration.transfer.copy-images < migration.transfer 60-80 bounded',
    'docker.api POST /containers/{id}/pause < migration.checkpoint.pause 12-18 bounded waits',
    'docker.api POST /containers/{id}/checkpoints < migration.checkpoint.checkpoint 22-49 bounded waits',
  ]);
});

test('what a step noted while it went on is an event of it', () => {
  const spans = built([
    [10, 'pre-dump', 'begin'],
    [15, 'pre-dump', 'note'],
    [20, 'pre-dump', 'end'],
  ]);
  const steps = spans.filter(({ name }) => name.endsWith('.pre-dump'));
  expect(steps.map(({ startNs, endNs, events }) => [startNs, endNs, events])).toEqual([
    [
      10n,
      20n,
      [{ name: 'migration.pre-dump.note', timeNs: 15n, attributes: { 'migration.iteration': 1, 'migration.detail.pages': 5 } }],
    ],
  ]);
});

test('a failed step is an error, and what was undone is a phase of its own', () => {
  const journal = [
    [10, 'pause', 'begin'],
    [20, 'pause', 'end'],
    [60, 'copy-images', 'begin'],
    [70, 'copy-images', 'failed'],
    [71, 'pause', 'undo-begin'],
    [75, 'pause', 'undo-end'],
  ] as const;
  const lines = outline(built(journal));
  expect(lines).toContain('migration.transfer.copy-images < migration.transfer 60-70 bounded ! no space left');
  expect(lines).toContain('migration.transfer < migration 60-70 bounded ! no space left');
  expect(lines).toContain('migration.rollback.pause < migration.rollback 71-75 bounded waits');
});

test('a controller that was killed left a begin without an end: the span says so', () => {
  const journal = [[10, 'pause', 'begin'], [20, 'pause', 'end'], [60, 'copy-images', 'begin']] as const; // biome-ignore format: a table
  expect(outline(built(journal, [], { ...manifest, endedNs: null }))).toContain(
    'migration.transfer.copy-images < migration.transfer 60-60 inferred ! the journal has no end of it: the controller ended before the step did',
  );
});

test('no answer is an error, "not found" is an answer', () => {
  const spans = built([], [call('GET', '/images/redis:7/json', [1, 2], 404), call('GET', '/info', [3, 4], null)]);
  expect(spans.map((span) => span.error)).toEqual([undefined, undefined, 'no answer']);
});

describe('an API path as an operation', () => {
  test.each([
    ['/v1.45/containers/4f1e/checkpoints/t1?x=y', '/containers/{id}/checkpoints/{name}'],
    ['/containers/create?name=web', '/containers/create'],
    ['/containers/json', '/containers/json'],
    ['/images/reg.example:5000/team/web:1/json', '/images/{name}/json'],
    ['/images/load?quiet=1', '/images/load'],
    ['/networks/front', '/networks/{id}'],
    ['/_ping', '/_ping'],
    ['', '/'],
  ])('%s', (path, template) => {
    expect(apiTemplate(path)).toBe(template);
  });
});
