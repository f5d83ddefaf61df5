import protobuf from 'protobufjs';

/**
 * OTLP's trace request, by the field numbers of opentelemetry-proto v1.5 (collector/trace/v1/trace_service.proto, trace/v1/trace.proto,
 * common/v1/common.proto). Fields of newer versions are skipped, as protobuf has it.
 */
const proto = `
syntax = "proto3";
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
message Status { string message = 2; uint32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; uint32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
  repeated Event events = 11; uint32 dropped_events_count = 12; repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15;
  fixed32 flags = 16; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message TraceRequest { repeated ResourceSpans resource_spans = 1; }`;

const request = protobuf.parse(proto).root.lookupType('TraceRequest');

/** Fields whose bytes are ids: hexadecimal in OTLP's JSON, where any other bytes are base64. */
const ids = new Set(['traceId', 'spanId', 'parentSpanId']);

/**
 * OTLP in protobuf as OTLP in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hexadecimal, 64-bit numbers as
 * decimal strings. So evidence has one form, whichever way it came.
 * @throws Error when it is no such message
 */
export function protobufToJson(bytes: Uint8Array): object {
  return inJson(request.toObject(request.decode(bytes), { longs: String })) as object;
}

function inJson(value: unknown, key = ''): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString(ids.has(key) ? 'hex' : 'base64');
  if (Array.isArray(value)) return value.map((each) => inJson(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inJson(each, name)]));
}
