import { z } from 'zod';
import type {
  ApiRecord,
  CallRecord,
  CheckpointFolderRecord,
  CommandRecord,
  CriuFilesRecord,
  DockerEventRecord,
  JournalRecord,
  ProcessRecord,
  SourceRecord,
  UprobeRecord,
} from './records.ts';
import { runPhases } from './records.ts';

/** Checks of the lines and documents of records.ts, which says what they mean: once when they are read, trusted inside. */

const ns = z.string().regex(/^-?\d+$/, 'nanoseconds as a decimal string');
const text = z.string();
const count = z.number();
const words = z.record(text, text);

export const journalRecord: z.ZodType<JournalRecord> = z.object({
  ...{ seq: count, step: text, phase: z.enum(runPhases), host: text.nullable(), atNs: ns },
  event: z.enum(['begin', 'note', 'end', 'failed', 'undo-begin', 'undo-end', 'undo-failed']),
  detail: z.record(text, z.union([text, count, z.boolean(), z.null()])),
});

export const apiRecord: z.ZodType<ApiRecord> = z.object({
  ...{ method: text, path: text, status: count.nullable(), startNs: ns, endNs: ns, error: text.nullable() },
  spanId: text.exactOptional(),
});

export const commandRecord: z.ZodType<CommandRecord> = z.object({
  ...{ step: text.nullable(), command: text, exitCode: count.nullable(), startNs: ns, endNs: ns, error: text.nullable() },
});

export const processRecord: z.ZodType<ProcessRecord> = z.object({
  ...{ pid: count, parentPid: count.nullable(), program: text, verb: text.nullable(), isLeft: z.boolean() },
  ...{ exitCode: count.exactOptional(), startNs: ns, endNs: ns, boundNs: ns },
});

export const callRecord: z.ZodType<CallRecord> = z.object({
  ...{ program: text, startNs: ns.nullable(), endNs: ns.nullable(), exitCode: count.nullable(), pid: count, parentPid: count },
  ...{ argv: z.array(text), traceparent: text.nullable() },
});

export const dockerEventRecord: z.ZodType<DockerEventRecord> = z.object({ type: text, action: text, id: text, timeNs: ns });

export const sourceRecord: z.ZodType<SourceRecord> = z.object({
  ...{ name: text, code: text, startNs: ns, endNs: ns, goroutine: count, attributes: words, error: text.exactOptional() },
  ...{ program: text, pid: count, ppid: count },
});

export const uprobeRecord: z.ZodType<UprobeRecord> = z.object({
  ...{ program: text, file: text, name: text, code: text.nullable(), number: count.nullable(), entry: count.nullable() },
  ...{ returns: z.array(count), why: text.nullable() },
});

export const checkpointFolderRecord: z.ZodType<CheckpointFolderRecord> = z.object({
  ...{ by: z.enum(['dockerd', 'containerd']), bytes: count, files: count, firstMadeNs: ns, lastChangedNs: ns },
});

export const criuFilesRecord: z.ZodType<CriuFilesRecord> = z.object({
  realtimeMinusBoottimeNs: ns.nullable(),
  files: z.array(
    z.object({
      ...{ name: text, bytes: count, mtimeNs: ns.nullable(), birthNs: ns.nullable(), resolutionNs: ns.exactOptional() },
      ...{ zeroNs: ns.exactOptional(), zeroBoundNs: ns.exactOptional(), origin: text.exactOptional() },
    }),
  ),
  parents: z.array(z.object({ folder: text, target: text })).exactOptional(),
});
