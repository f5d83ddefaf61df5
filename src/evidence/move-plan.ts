import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readDocument } from './checked.ts';
import { type RunFolder, runFiles } from './run-folder.ts';

const side = z.object({
  name: z.string(),
  /** As the user gave it. */
  endpoint: z.string(),
  /** Where the host's logs stood before the first step. */
  mark: z.object({
    stage: z.string().nullable(),
    criuFolder: z.string().nullable(),
    dockerRoot: z.string(),
    dockerdLog: z.object({ file: z.string(), bytes: z.number() }).nullable(),
    sinceNs: z.string().regex(/^\d+$/),
  }),
});

const volume = z.object({
  type: z.enum(['volume', 'bind']),
  place: z.string(),
  from: z.string(),
  name: z.string().nullable(),
  mode: z.enum(['copy', 'shared']),
  make: z
    .union([
      z.object({ kind: z.literal('volume') }),
      z.object({ kind: z.literal('path'), mark: z.string().regex(/^[0-9a-f]+$/) }),
    ])
    .nullable(),
});

/**
 * `plan.json`: what has to be known to go on with a move, or back, when its controller is gone. Of what could hold a secret (environment,
 * labels, commands, a volume driver's options) nothing: it is not needed.
 */
const movePlanSchema = z.object({
  schema: z.literal('transship.plan/1'),
  /** `start` in ticks since boot, which tells it from a later process of the same number; null where there is no /proc. */
  controller: z.object({ pid: z.number().int(), start: z.string().nullable(), boot: z.string().nullable() }),
  /** The set of test hosts that `test:NAME` meant. */
  testbed: z.string().nullable(),
  source: side,
  destination: side,
  /** ssh's words, on the source, for a command on the destination; null: through the controller. */
  route: z.string().nullable(),
  container: z.object({ name: z.string(), id: z.string().regex(/^[0-9a-f]{64}$/), isRemovedAtEnd: z.boolean() }),
  options: z.looseObject({ strategy: z.string(), isPlain: z.boolean() }),
  image: z.object({ id: z.string(), isMissing: z.boolean(), tag: z.string().nullable(), reference: z.string() }),
  restartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number().optional() }),
  networks: z.array(z.string()),
  volumes: z.array(volume),
  checkpoint: z.string().regex(/^transship-[0-9a-f]+$/),
});

export type MovePlan = z.infer<typeof movePlanSchema>;

export function writeMovePlan(folder: RunFolder, plan: MovePlan): void {
  const file = join(folder.path, runFiles.plan);
  writeFileSync(`${file}.new`, `${JSON.stringify(plan, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** Null: the run has none, as nothing was begun. @throws TransshipError `input` when it is no JSON, or not of our schema */
export function readMovePlan(folder: RunFolder): MovePlan | null {
  const file = join(folder.path, runFiles.plan);
  if (!existsSync(file)) return null;
  return readDocument(file, movePlanSchema, 'written by another version of transship, or edited?');
}
