import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { unpackCase } from '../../../test/recorded/criu-cases.ts';
import { assemble } from '../../trace/assemble.ts';
import type { Span } from '../../trace/span.ts';
import { readCriuEvidence } from './evidence.ts';
import { spansOf } from './spans.ts';

const root = mkdtempSync(join(tmpdir(), 'transship-chain-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A recorded chain under the names that the source's evidence has after a pre-copy. */
function evidenceOf(chain: string): string {
  const from = unpackCase(chain);
  const host = join(root, chain, 'a');
  mkdirSync(join(host, 'criu'), { recursive: true });
  for (const round of [1, 2, 3]) {
    copyFileSync(join(from, `p${round}/dump.log`), join(host, `criu/${round}-pre-dump.log`));
    copyFileSync(join(from, `p${round}/stats-dump`), join(host, `criu/${round}-stats-dump`));
  }
  for (const file of ['dump.log', 'stats-dump']) copyFileSync(join(from, 'f', file), join(host, 'criu', file));
  rmSync(from, { recursive: true });
  return host;
}

describe.each([
  ['q-precopy-hot', [5868, 1107, 1105], 1106],
  ['q-precopy-random', [5866, 4811, 4842], 4787],
])('%s', (chain, written, left) => {
  const layers = spansOf(readCriuEvidence(evidenceOf(chain)));
  const { spans, inconsistencies } = assemble({ traceId: 'c'.repeat(32), run: chain, layers, clocks: [] });
  const rounds = spans.filter(({ name }) => name === 'criu.pre-dump').sort((a, b) => iterationOf(a) - iterationOf(b));
  const dump = spans.find(({ name }) => name === 'criu.dump');

  test('every round is a span with its number and the pages it wrote', () => {
    expect(rounds.map(iterationOf)).toEqual([1, 2, 3]);
    expect(rounds.map(({ attributes }) => attributes['criu.stats.pages_written'])).toEqual(written);
    expect(dump?.attributes).toMatchObject({ 'criu.stats.pages_written': left });
    expect(dump?.attributes).not.toHaveProperty('migration.iteration');
    expect(inconsistencies).toEqual([]);
  });

  test('each is linked to the round before, and the dump to the last', () => {
    const chained = [...rounds, dump as Span];
    expect(chained.map(({ links }) => links.map(({ spanId }) => spanId))).toEqual([[], ...rounds.map(({ spanId }) => [spanId])]);
  });

  test('a round shows what of it the container stood still for, and that pages are written while it runs', () => {
    const names = new Set(spans.filter(({ name }) => name.startsWith('criu.pre-dump.')).map(({ name }) => name));
    for (const name of ['criu.pre-dump.freeze', 'criu.pre-dump.tasks', 'criu.pre-dump.write']) expect(names).toContain(name);
  });
});

function iterationOf({ attributes }: Span): number {
  return Number(attributes['migration.iteration']);
}
