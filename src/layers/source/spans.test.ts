import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SourceRecord } from '../../evidence/records.ts';
import { assemble } from '../../trace/assemble.ts';
import type { LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
import { spansOf } from './spans.ts';

const recorded = (name: string): readonly SourceRecord[] =>
  readFileSync(join(import.meta.dirname, '../../../test/recorded/source', `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const containerOf = (records: readonly SourceRecord[]): string => records[0]?.attributes['container.id'] ?? '';

const evidence = (records: readonly SourceRecord[], containers: readonly string[] = [containerOf(records)]) => ({
  ...({ host: 'a', role: 'source', containers, records, anchor: { means: 'own clock', boundNs: 0n }, warnings: [] } as const),
});

/** One line a span: its callers above it, and its own name. */
function outline(layers: readonly LayerSpans[]): readonly string[] {
  const { spans } = assemble({ traceId: '1'.repeat(32), run: 'r', layers, clocks: [] });
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const depth = (id: string | undefined): number => (id === undefined ? 0 : 1 + depth(byId.get(id)?.parentSpanId));
  return spans.map((span) => `${'  '.repeat(depth(span.parentSpanId))}${span.name}${note(span.attributes)}`);
}

const note = (attributes: LayerSpan['attributes']): string => {
  const said = attributes['criu.request'] ?? attributes['criu.notification'];
  return said === undefined ? '' : ` ${said}`;
};

test('a checkpoint: the shim, go-runc in it, runc, and what criu told runc', () => {
  expect(outline(spansOf(evidence(recorded('checkpoint-26.1.5'))))).toMatchInlineSnapshot(`
    [
      "runc.get-container",
      "shim.service-checkpoint",
      "  shim.container-checkpoint",
      "    shim.init-checkpoint",
      "      shim.init-do-checkpoint",
      "        go-runc.checkpoint",
      "          runc.get-container",
      "          runc.container-checkpoint",
      "            runc.check-criu-version",
      "            runc.external-namespaces",
      "              runc.check-criu-version",
      "            runc.external-namespaces",
      "              runc.check-criu-version",
      "            runc.check-criu-version",
      "            runc.criu-swrk DUMP",
      "              runc.apply-cgroups",
      "              runc.criu-notification pre-dump",
      "              runc.criu-notification network-lock",
      "                runc.lock-network",
      "              runc.criu-notification query-ext-files",
      "              runc.criu-notification post-dump",
      "              runc.criu-notification network-unlock",
      "                runc.unlock-network",
    ]
  `);
});

test('a restore', () => {
  expect(outline(spansOf(evidence(recorded('restore-26.1.5'))))).toMatchInlineSnapshot(`
    [
      "shim.service-create",
      "  shim.new-container",
      "    shim.init-create",
      "      shim.create-checkpointed-state",
      "shim.service-start",
      "  shim.container-start",
      "    shim.start-checkpointed",
      "      go-runc.restore",
      "        runc.start-container",
      "          runc.run",
      "            runc.container-restore",
      "              runc.check-criu-version",
      "              runc.restoring-namespaces",
      "                runc.check-criu-version",
      "                runc.check-criu-version",
      "              runc.prepare-mounts",
      "              runc.criu-swrk RESTORE",
      "                runc.apply-cgroups",
      "                runc.criu-notification pre-restore",
      "                runc.criu-notification setup-namespaces",
      "                runc.criu-notification post-setup-namespaces",
      "                runc.criu-notification post-restore",
      "                runc.criu-notification network-unlock",
      "                  runc.unlock-network",
      "                runc.criu-notification pre-resume",
      "                runc.criu-notification post-resume",
    ]
  `);
});

test('times are kept to the nanosecond, and nothing of another container is told', () => {
  const records = recorded('checkpoint-26.1.5');
  const swrk = spansOf(evidence(records))
    .flatMap(({ spans }) => spans)
    .find(({ name }) => name === 'runc.criu-swrk');
  const record = records.find(({ name }) => name === 'runc.criu-swrk');
  expect([String(swrk?.startNs), String(swrk?.endNs)]).toEqual([record?.startNs, record?.endNs]);
  expect(spansOf(evidence(records, ['f'.repeat(64)]))).toEqual([]);
});

const call = (name: string, at: readonly [number, number], more: Partial<SourceRecord> = {}): SourceRecord => ({
  name,
  code: `x.${name}`,
  startNs: String(10n ** 18n + BigInt(at[0])),
  endNs: String(10n ** 18n + BigInt(at[1])),
  goroutine: 1,
  attributes: {},
  program: 'containerd',
  pid: 7,
  ppid: 1,
  ...more,
});

/*
 * goroutine 1  Checkpoint of A ├──────────────────────┤
 * goroutine 2  Pause of B         ├──┤                     of another container: no child of A's
 * goroutine 3  WriteDiff                ├────┤             knows no container: below what encloses it
 */
test('two goroutines at once: joined by time, parted by container', () => {
  const a = 'a'.repeat(64);
  const b = 'b'.repeat(64);
  const records = [
    call('containerd.checkpoint', [0, 100], { attributes: { 'container.id': a } }),
    call('containerd.pause', [10, 20], { goroutine: 2, attributes: { 'container.id': b } }),
    call('archive.write-diff', [30, 60], { goroutine: 3 }),
  ];
  expect(outline(spansOf(evidence(records, [a])))).toEqual(['containerd.checkpoint', '  archive.write-diff']);
  expect(outline(spansOf(evidence(records, [a, b])))).toEqual([
    'containerd.checkpoint',
    'containerd.pause',
    '  archive.write-diff',
  ]);
});

test('an error that the function returned, and a name that this version does not know', () => {
  const records = [call('containerd.shim-binary-start', [0, 5], { error: 'no such shim' }), call('later.version', [6, 7])];
  const [layer] = spansOf(evidence(records, []));
  expect(layer?.spans).toMatchObject([{ name: 'containerd.shim-binary-start', error: 'no such shim', evidence: 'bounded' }]);
});

test('what the program tells of itself is below what was seen of it from outside', () => {
  const records = [call('runc.container-checkpoint', [10, 90], { program: 'runc' })];
  const outside: LayerSpan = {
    ...{ key: 'runc.checkpoint', parentKey: undefined, name: 'runc.checkpoint', evidence: 'bounded' },
    ...{ startNs: 10n ** 18n, endNs: 10n ** 18n + 100n, attributes: {}, events: [], isWait: true },
  };
  const marks: LayerSpans = {
    service: 'runc',
    host: 'a',
    role: 'source',
    spans: [outside],
    anchor: { means: 'own marks', boundNs: 0n },
  };
  expect(outline([...spansOf(evidence(records, [])), marks])).toEqual(['runc.checkpoint', '  runc.container-checkpoint']);
});
