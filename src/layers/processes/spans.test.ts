import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { LayerSpan } from '../../trace/layer-spans.ts';
import { formatNs } from '../../trace/time.ts';
import { readProcessEvidence } from './evidence.ts';
import { spansOf } from './spans.ts';

const recorded = join(import.meta.dirname, '../../../test/recorded/processes/docker');
const folder = mkdtempSync(join(tmpdir(), 'transship-processes-'));
afterAll(() => rmSync(folder, { recursive: true }));
type Side = readonly ['source' | 'destination', string];
const sides: readonly Side[] = [
  ['source', 'a'],
  ['destination', 'b'],
];

/** A copy of the recording with something done to it. */
function read(side: Side, change: (host: string) => void = () => {}) {
  const [role, host] = side;
  const copy = join(folder, host);
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(recorded, host), copy, { recursive: true });
  change(copy);
  return readProcessEvidence(copy, role);
}

function spansIn(side: Side, change?: (host: string) => void): readonly LayerSpan[] {
  return spansOf(read(side, change)).flatMap(({ spans }) => spans);
}

/** One line a span: indent, service, name, since the first, how long. */
function outline(spans: readonly LayerSpan[]): string {
  const first = spans.reduce((least, { startNs }) => (startNs < least ? startNs : least), spans[0]?.startNs ?? 0n);
  const depthOf = ({ parentKey }: LayerSpan): number => {
    const parent = spans.find(({ key }) => key === parentKey);
    return parent === undefined ? 0 : 1 + depthOf(parent);
  };
  const sorted = [...spans].sort((x, y) => (x.startNs < y.startNs ? -1 : 1));
  const line = (span: LayerSpan) =>
    `${'  '.repeat(depthOf(span))}${span.service ?? ''} ${span.name} +${formatNs(span.startNs - first)} ${formatNs(span.endNs - span.startNs)}\n`;
  return sorted.map(line).join('');
}

describe.each(sides)('%s', (...side) => {
  test('programs, by who started them', async () => {
    await expect(outline(spansIn(side))).toMatchFileSnapshot(join(recorded, side[1], 'spans.txt'));
  });

  test('the clock is known to the microsecond, all but', () => {
    const [layer] = spansOf(read(side));
    expect(layer?.anchor.boundNs).toBeGreaterThan(0n);
    expect(layer?.anchor.boundNs).toBeLessThan(200_000n);
  });

  test('the wrapper’s record goes to the call that it is of: words, status, what the wrapper cost', () => {
    const call = spansIn(side).find(({ name }) => name === (side[0] === 'source' ? 'runc.checkpoint' : 'runc.restore'));
    expect(call?.attributes).toMatchObject({ 'process.executable.path': '/usr/sbin/runc', 'process.exit.code': 0 });
    expect(call?.attributes['process.command_args']).toContain(side[0] === 'source' ? 'checkpoint' : 'restore');
    expect(call?.attributes['migration.wrapper_us']).toBeGreaterThan(200);
  });

  test('without the wrappers: the same calls of CRIU, by their order', () => {
    const names = (spans: readonly LayerSpan[]) => spans.map(({ name }) => name).filter((name) => name.startsWith('runc.criu.'));
    const bare = spansIn(side, (host) => rmSync(join(host, 'wrap.jsonl')));
    expect(names(bare)).toEqual(names(spansIn(side)));
    expect(names(bare)).toHaveLength(2);
  });

  test('without the kernel: the noticed calls, with their bound', () => {
    const layers = spansOf(read(side, (host) => rmSync(join(host, 'kernel.trace'))));
    expect(layers[0]?.anchor).toEqual({ means: 'when the wrappers’ calls were noticed', boundNs: 20_000_000n });
    expect(layers[0]?.spans.map(({ name }) => name)).toContain(side[0] === 'source' ? 'runc.criu.dump' : 'runc.criu.restore');
  });

  test('lines lost, cut or doubled: fewer spans, never one that ends before it begins or hangs on nothing', () => {
    const text = readFileSync(join(recorded, side[1], 'kernel.trace'), 'utf8').split('\n');
    const check = fc.property(fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(3))), (edits) => {
      const lines = [...text];
      for (const [at, what] of edits)
        lines[at] = [`${lines[at]}\n${lines[at]}`, '', lines[at]?.slice(0, 60) ?? '', 'x'][what] ?? '';
      const spans = spansIn(side, (host) => writeFileSync(join(host, 'kernel.trace'), lines.join('\n')));
      const keys = new Set(spans.map(({ key }) => key));
      for (const { startNs, endNs, parentKey } of spans) {
        expect(endNs).toBeGreaterThanOrEqual(startNs);
        expect(parentKey === undefined || keys.has(parentKey)).toBe(true);
      }
      expect(keys.size).toBe(spans.length);
    });
    fc.assert(check, { numRuns: 40 });
  });
});

test('no evidence, no spans; a trace without marks is told', () => {
  expect(spansOf(readProcessEvidence(join(folder, 'nothing'), 'source'))).toEqual([]);
  const side: Side = ['source', 'a'];
  const strip = (host: string) => {
    const file = join(host, 'kernel.trace');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^.*tracing_mark_write.*\n/gm, ''));
  };
  const overflow = (host: string) => {
    const file = join(host, 'kernel.trace');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/(entries-written: \d+)\/(\d+)/, '$1/1$2'));
  };
  expect(read(side, overflow).warnings.join()).toMatch(/the oldest 1\d+ events found no room/);
  expect(read(side, strip).warnings).toEqual(['evidence/a/kernel.trace: no mark tells its clock: left out']);
});
