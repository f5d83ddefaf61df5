import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../trace/assemble.ts';
import type { LayerSpan, LayerSpans } from '../trace/layer-spans.ts';
import type { Trace } from '../trace/span.ts';
import { renderTree } from './tree.ts';

const ms = 1_000_000n;

type Drawn = readonly [name: string, parent: string | undefined, from: number, to: number, extra?: Partial<LayerSpan>];

function spans(drawn: readonly Drawn[]): LayerSpan[] {
  return drawn.map(([name, parentKey, from, to, extra]) => ({
    ...{ key: name, parentKey, name, startNs: BigInt(from) * ms, endNs: BigInt(to) * ms },
    ...{ evidence: 'bounded' as const, attributes: {}, events: [], ...extra },
  }));
}

const anchor = { means: 'drawn', boundNs: 0n };
const onSource = { attributes: { 'migration.host': 'a', 'migration.role': 'source' }, isWait: true };
const onDestination = { attributes: { 'migration.host': 'b', 'migration.role': 'destination' }, isWait: true };

function traceOf(...layers: LayerSpans[]): Trace {
  return assemble({ traceId: 'b'.repeat(32), run: 'r1', layers, clocks: [] });
}

function controller(drawn: readonly Drawn[]): LayerSpans {
  return { service: 'transship', host: 'controller', role: 'controller', spans: spans(drawn), anchor };
}

function criu(drawn: readonly Drawn[]): LayerSpans {
  return { service: 'criu', host: 'a', role: 'source', spans: spans(drawn), anchor };
}

const checkpoint = 'migration.checkpoint.checkpoint';
const call = 'docker.api POST /containers/{id}/checkpoints';

/*
 * migration         ├──────────────────────────────────────────────────────┤ 0-1000
 * pause, checkpoint ├─┤├───────────────────────┤                             0-20-500
 * copy-images                                  ├────────┤                    500-700, failed
 * criu.dump             ├─────────┤                                          50-250: 100 tasks of 1 ms, memory 100 ms
 * rollback.pause                                        ├─┤                  700-720
 */
const trace = traceOf(
  controller([
    ['migration', undefined, 0, 1000],
    ['migration.checkpoint', 'migration', 0, 500],
    ['migration.checkpoint.pause', 'migration.checkpoint', 0, 20, onSource],
    [checkpoint, 'migration.checkpoint', 20, 500, onSource],
    [call, checkpoint, 21, 499, onSource],
    ['migration.transfer', 'migration', 500, 700],
    ['migration.transfer.copy-images', 'migration.transfer', 500, 700, { error: 'no space left' }],
    ['migration.rollback', 'migration', 700, 720],
    ['migration.rollback.pause', 'migration.rollback', 700, 720, onDestination],
  ]),
  criu([
    ['criu.dump', undefined, 50, 250],
    ['criu.dump.memory', 'criu.dump', 50, 150],
    ...Array.from(
      { length: 100 },
      (_, task): Drawn => [`task ${task}`, 'criu.dump', 150 + task, 151 + task, { name: 'criu.dump.task' }],
    ),
  ]),
);

describe('the tree', () => {
  test('tells layer, phase, length and place; what is unexplained stands where it happened', () => {
    expect(renderTree(trace, { columns: 100 })).toMatchInlineSnapshot(`
      "                                       layer            took        at  0                     1.00 s
      migration                              transship      1.00 s         0  ────────────────────────────
        checkpoint                           transship      500 ms         0  ──────────────
          pause                              transship a   20.0 ms         0  ─
          checkpoint                         transship a    480 ms  +20.0 ms  ──────────────
            POST /containers/{i…/checkpoints transship a    478 ms  +21.0 ms  ──────────────
              unexplained                                  29.0 ms  +21.0 ms  ░
              criu.dump                      criu a         200 ms  +50.0 ms   ──────
                memory                       criu a         100 ms  +50.0 ms   ███
                task ×100                    criu a         100 ms   +150 ms      ███
              unexplained                                   249 ms   +250 ms         ░░░░░░░
            … 2 more                                       2.00 ms  +20.0 ms  ▏            ▏
        downtime                             transship      700 ms  +20.0 ms  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
        transfer                             transship      200 ms   +500 ms                ──────
          ✘ copy-images                      transship      200 ms   +500 ms                ██████
        rollback                             transship     20.0 ms   +700 ms                     ─
          pause                              transship b   20.0 ms   +700 ms                     ─
            unexplained                                    20.0 ms   +700 ms                     ░
        controller.next-step                 transship      280 ms   +720 ms                      ████████
      █ work, named   ─ holds others, or waits   ▒ downtime   ░ unexplained   ✘ failed"
    `);
  });

  test('with all, every span has a line of its own', () => {
    expect(renderTree(trace, { columns: 100, isAll: true }).split('\n')).toHaveLength(trace.spans.length + 2);
  });

  test('keeps to the width of the terminal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 80, max: 240 }), (columns) => {
        const lines = renderTree(trace, { columns, isAll: true }).split('\n');
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test('names from outside do not drive the terminal', () => {
    const hostile = traceOf(criu([['criu.dump\u001b[2J', undefined, 0, 1]]));
    expect(renderTree(hostile, { columns: 100 })).toContain('criu.dump\\x1b[2J');
  });

  test('a run without evidence is said to be one', () => {
    expect(renderTree(traceOf(), { columns: 100 })).toBe('no spans: the run left no evidence that can be placed in time');
  });
});
