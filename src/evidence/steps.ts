import type { RunPhase } from './records.ts';

/**
 * Every step that a migration can have, in order. The journal names them, and the trace has a span
 * `migration.PHASE.STEP` for each: the list is closed, so that operation names are the same in every run.
 */
export const migrationSteps = [
  { step: 'preflight', phase: 'prepare' },
  { step: 'create-destination', phase: 'prepare' },
  { step: 'transfer-image', phase: 'prepare' },
  { step: 'copy-layer', phase: 'prepare' },
  { step: 'copy-volumes', phase: 'prepare' },
  { step: 'restart-policy-off', phase: 'prepare' },
  { step: 'stage', phase: 'prepare' },
  { step: 'pre-dump', phase: 'prepare' },
  { step: 'warm-destination', phase: 'prepare' },
  { step: 'set-up-network', phase: 'prepare' },
  { step: 'prepare-restore', phase: 'prepare' },
  { step: 'page-server', phase: 'prepare' },
  { step: 'pause', phase: 'checkpoint' },
  { step: 'checkpoint', phase: 'checkpoint' },
  { step: 'dump', phase: 'checkpoint' },
  { step: 'hand-over', phase: 'transfer' },
  { step: 'copy-images', phase: 'transfer' },
  { step: 'copy-layer-changes', phase: 'transfer' },
  { step: 'copy-volume-changes', phase: 'transfer' },
  { step: 'rewrite-cgroup-ids', phase: 'transfer' },
  { step: 'start', phase: 'restore' },
  { step: 'restore', phase: 'restore' },
  { step: 'check-images', phase: 'verify' },
  { step: 'verify', phase: 'verify' },
  { step: 'residual', phase: 'verify' },
  { step: 'restart-policy-on', phase: 'cleanup' },
  { step: 'remove-source', phase: 'cleanup' },
  { step: 'remove-checkpoint', phase: 'cleanup' },
  { step: 'collect-evidence', phase: 'cleanup' },
  { step: 'unstage', phase: 'cleanup' },
] as const satisfies readonly { readonly step: string; readonly phase: RunPhase }[];

export type StepName = (typeof migrationSteps)[number]['step'];

/** The phase that a step belongs to. */
export function phaseOf(step: StepName): RunPhase {
  for (const entry of migrationSteps) if (entry.step === step) return entry.phase;
  throw new RangeError(`no step '${step}'`);
}
