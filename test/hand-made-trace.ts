import type { Span, Trace } from '../src/trace/span.ts';

/** In November 2026, with a part of a microsecond, so that whatever rounds is seen: `criu.restore` starts 989 ns into one. */
const startNs = 1_795_000_000_123_456_789n;

/** A span of the hand-made trace; `at` and `for` in microseconds from the trace's start. */
export function handMadeSpan(
  given: Partial<Span> & { readonly spanId: string; readonly atUs: number; readonly forUs: number },
): Span {
  const { atUs, forUs, ...rest } = given;
  return {
    traceId: 'a0000000000000000000000000000001',
    parentSpanId: undefined,
    service: 'transship',
    host: 'controller',
    name: 'migration',
    startNs: startNs + BigInt(Math.round(atUs * 1e3)),
    durationNs: BigInt(Math.round(forUs * 1e3)),
    status: 'unset',
    attributes: {},
    events: [],
    links: [],
    evidence: 'bounded',
    isWait: false,
    ...rest,
  };
}

/**
 * ```
 * transship/controller  migration ------------------------------------------
 * criu/a                 criu.dump -------------  (an event, a big number, an error)
 *                          criu.dump.task ---
 *                             criu.dump.task ------    overlaps its sibling
 * criu/b                                            criu.restore --------    links to criu.dump
 * ```
 */
export function handMadeTrace(traceId = 'a0000000000000000000000000000001'): Trace {
  const root = '00000000000000f1';
  const dump = 'f000000000000002'; // its first bit is set: a signed 64-bit number would be negative
  const spans: readonly Span[] = [
    handMadeSpan({ spanId: root, atUs: 0, forUs: 5000.5, isWait: true, attributes: { 'migration.strategy': 'docker' } }),
    handMadeSpan({
      ...{ spanId: dump, parentSpanId: root, service: 'criu', host: 'a', name: 'criu.dump', atUs: 100.25, forUs: 2000.999 },
      status: 'error',
      statusMessage: 'Can’t dump <task>',
      attributes: {
        'process.pid': 4242,
        'criu.stats.frozen_time': 1234.5,
        'migration.role': 'source',
        'migration.is_live': true,
        'criu.big': 9_007_199_254_740_993n,
        'criu.pages': 412n,
        'process.command_args': ['criu', 'dump,all'],
      },
      events: [
        {
          name: 'log',
          timeNs: startNs + 333_999n,
          attributes: { 'log.file.path': 'criu/dump.log', 'log.file.line': 412, text: 'two\nlines "quoted"' },
        },
      ],
    }),
    ...[
      { spanId: '0000000000000003', atUs: 200, forUs: 500 },
      { spanId: '0000000000000004', atUs: 400, forUs: 900 },
    ].map((task) =>
      handMadeSpan({ ...task, parentSpanId: dump, service: 'criu', host: 'a', name: 'criu.dump.task', evidence: 'until-next' }),
    ),
    handMadeSpan({
      ...{
        spanId: '0000000000000005',
        parentSpanId: root,
        service: 'criu',
        host: 'b',
        name: 'criu.restore',
        atUs: 3000.2,
        forUs: 1500,
      },
      status: 'ok',
      evidence: 'inferred',
      links: [{ traceId, spanId: dump, attributes: { 'link.kind': 'restores' } }],
    }),
  ];
  return {
    traceId,
    run: 'hand-made',
    spans: spans.map((span) => ({ ...span, traceId })),
    downtime: null,
    explained: null,
    explainedAtLeast: null,
    explainedRun: null,
    clock: null,
    inconsistencies: [],
    warnings: ['the clock was stepped'],
  };
}

/** A root with `count` children on 20 tracks that overlap, as a big process tree leaves them. */
export function bigTrace(count: number): Trace {
  const spans = Array.from({ length: count }, (_, index) =>
    handMadeSpan({
      ...{ spanId: (index + 1).toString(16).padStart(16, '0'), atUs: index * 10, forUs: index === 0 ? count * 10 + 200 : 195 },
      ...(index === 0 ? {} : { parentSpanId: '0000000000000001', name: 'criu.dump.task', service: 'criu' as const, host: 'a' }),
      attributes: { 'process.pid': index, 'code.function.name': 'dump_one_task' },
    }),
  );
  return { ...handMadeTrace(), spans };
}
