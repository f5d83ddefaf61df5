import { dump, handOver } from '../direct/dump-step.ts';
import { preDump } from '../direct/pre-dump-step.ts';
import { residual } from '../direct/residual-step.ts';
import { stage, unstage } from '../direct/stage-step.ts';
import { restore, warmDestination } from '../direct/warm-step.ts';
import type { Step } from '../step.ts';
import { commonCleanup, commonPreparation } from './common.ts';
import { verifyRuns } from './verify.ts';

/**
 * Rounds as in a pre-copy, and what is left follows as in a post-copy: the pages that the daemon must fetch are those that changed since
 * the last round, all others lie on the destination (pagemap.c: only the newest images are remote, their parents are local).
 */
export const hybridSteps: readonly Step[] = [
  ...commonPreparation,
  stage('hybrid'),
  preDump,
  warmDestination,
  dump,
  handOver,
  restore,
  verifyRuns,
  residual,
  ...commonCleanup,
  unstage,
];
