import { expect, test } from 'vitest';
import { assemble } from '../trace/assemble.ts';
import { showDocument } from './show-document.ts';

test('the document has the fields of the contract; nanoseconds and large numbers are decimal strings', () => {
  const span = {
    ...{ key: 'migration', parentKey: undefined, name: 'migration', evidence: 'bounded' as const },
    ...{ startNs: 1_795_496_095_822_108_133n, endNs: 1_795_496_095_822_108_134n },
    attributes: { 'migration.id': 'r1', 'migration.detail.bytes': 9_007_199_254_740_993n },
    events: [{ name: 'docker.container.pause', timeNs: 1_795_496_095_822_108_133n, attributes: {} }],
  };
  const anchor = { means: 'drawn', boundNs: 0n };
  const layers = [{ service: 'transship', host: 'controller', role: 'controller', spans: [span], anchor } as const];
  const document = JSON.parse(JSON.stringify(showDocument(assemble({ traceId: 'c'.repeat(32), run: 'r1', layers, clocks: [] }))));
  expect(document).toEqual({
    schema: 'transship.show/1',
    run: 'r1',
    spans: [
      {
        traceId: 'c'.repeat(32),
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        parentSpanId: null,
        service: 'transship',
        host: 'controller',
        name: 'migration',
        startNs: '1795496095822108133',
        durationNs: '1',
        status: 'unset',
        attributes: { 'migration.id': 'r1', 'migration.detail.bytes': '9007199254740993', 'migration.evidence': 'bounded' },
        events: [{ name: 'docker.container.pause', timeNs: '1795496095822108133', attributes: {} }],
      },
    ],
    services: ['transship'],
    explained: null,
    explainedAtLeast: null,
    explainedRun: { bounded: 1, untilNext: 0, inferred: 0 },
    clock: null,
    criticalPath: [{ spanId: expect.any(String), name: 'migration', startNs: '1795496095822108133', durationNs: '1' }],
    blame: {
      layers: [{ layer: 'transship', durationNs: '1', phases: { between: '1' } }],
      operations: [{ name: 'migration', layer: 'transship', durationNs: '1' }],
    },
    savings: [],
  });
});
