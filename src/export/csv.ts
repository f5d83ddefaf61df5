/**
 * A row a span, the columns named as in `transship show --format json`. Specification: https://www.rfc-editor.org/rfc/rfc4180
 * (lines end with a newline alone, which every reader takes and awk wants).
 */
import type { AttributeValue } from '../trace/layer-spans.ts';
import type { Trace } from '../trace/span.ts';
import { selfNs, type WorkNode, workTree } from '../trace/work-tree.ts';
import { chunks, jsonNumber } from './process-groups.ts';

const rowsPerChunk = 1_000;

/** Times in nanoseconds; `selfNs` is what no child covers, empty for what looks on from outside. `attributes` is one JSON object. */
export function* csv(trace: Pick<Trace, 'run' | 'spans'>): Generator<string> {
  const nodes = new Map(workTree(trace.spans).map((node) => [node.span, node]));
  yield `${columns.map(([name]) => name).join(',')}\n`;
  for (const chunk of chunks(trace.spans, rowsPerChunk))
    yield chunk
      .map((span) => `${columns.map(([, value]) => quoted(value({ run: trace.run, span, node: nodes.get(span) }))).join(',')}\n`)
      .join('');
}

interface Row {
  readonly run: string;
  readonly span: Trace['spans'][number];
  readonly node: WorkNode | undefined;
}

const columns: readonly (readonly [string, (row: Row) => string])[] = [
  ['run', ({ run }) => run],
  ['traceId', ({ span }) => span.traceId],
  ['spanId', ({ span }) => span.spanId],
  ['parentSpanId', ({ span }) => span.parentSpanId ?? ''],
  ['service', ({ span }) => span.service],
  ['host', ({ span }) => span.host],
  ['role', ({ span }) => String(span.attributes['migration.role'] ?? '')],
  ['name', ({ span }) => span.name],
  ['startNs', ({ span }) => String(span.startNs)],
  ['durationNs', ({ span }) => String(span.durationNs)],
  ['selfNs', ({ node }) => (node === undefined ? '' : String(selfNs(node)))],
  ['status', ({ span }) => span.status],
  ['error', ({ span }) => span.statusMessage ?? ''],
  ['evidence', ({ span }) => span.evidence],
  ['isWait', ({ span }) => String(span.isWait)],
  ['attributes', ({ span }) => JSON.stringify(span.attributes, (_, value: AttributeValue) => plain(value))],
];

function plain(value: AttributeValue): unknown {
  return typeof value === 'bigint' ? jsonNumber(value) : value;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
