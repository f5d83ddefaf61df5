import { describe, expect, test } from 'vitest';
import { built, controller, criu, type Drawn, ms, outline } from '../../test/drawn-layers.ts';
import type { LayerSpans } from './layer-spans.ts';

/** Our marks on the source, which has no clock of its own here. */
function marks(drawn: readonly Drawn[]): LayerSpans {
  return { ...controller(drawn), host: 'a', role: 'source' };
}

const run: readonly Drawn[] = [
  { key: 'migration', at: [0, 100] },
  { key: 'migration.checkpoint', parent: 'migration', at: [0, 100] },
  { key: 'migration.checkpoint.dump', parent: 'migration.checkpoint', at: [0, 100], role: 'source', isWait: true },
];
const frozen: readonly Drawn[] = [
  { key: 'source.freeze', at: [10, 20] },
  { key: 'source.cut-link', at: [20, 25] },
];
const dump: readonly Drawn[] = [
  { key: 'criu.dump', at: [40, 60] },
  { key: 'criu.dump.init', parent: 'criu.dump', at: [40, 60], kind: 'until-next' },
];

describe('a stretch in which nobody speaks', () => {
  /*
   * cut-link  20├──┤25
   * CRIU                      40├──────┤60
   * exec            25├───────┤40
   */
  test('is what lies between two leaves that a rule knows', () => {
    const lines = outline(built([controller(run), marks(frozen), criu('source', dump)]));
    expect(lines.filter((line) => line.includes('exec'))).toEqual([expect.stringMatching(/criu\.dump\.exec 25-40$/)]);
  });

  /* CRIU's place is ±3: from 37 to 43 nobody knows which of the two it was. */
  test('leaves out what is uncertain of a border, on both sides of it', () => {
    const trace = built([controller(run), marks(frozen), criu('source', dump, { boundMs: 3 })]);
    const exec = trace.spans.find(({ name }) => name === 'criu.dump.exec');
    expect([exec?.startNs, (exec?.startNs ?? 0n) + (exec?.durationNs ?? 0n)]).toEqual([25n * ms, 37n * ms]);
  });

  test('has no name where a layer has a leaf of its own', () => {
    const own: Drawn[] = [...dump, { key: 'loaded', at: [25, 40] }];
    const lines = outline(built([controller(run), marks(frozen), criu('source', own)]));
    expect(lines.filter((line) => line.includes('exec'))).toEqual([]);
  });

  test('between other things it stays without a name', () => {
    const other: Drawn[] = [{ key: 'source.copy-files', at: [20, 25] }];
    const trace = built([controller(run), marks([...frozen.slice(0, 1), ...other]), criu('source', dump)]);
    expect(trace.spans.map(({ name }) => name)).not.toContain('criu.dump.exec');
  });
});
