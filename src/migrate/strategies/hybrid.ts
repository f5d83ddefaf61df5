import { dump, handOver } from '../direct/dump-step.ts';
import { setUpNetwork } from '../direct/network-step.ts';
import { preDump } from '../direct/pre-dump-step.ts';
import { residual } from '../direct/residual-step.ts';
import { stage, unstage } from '../direct/stage-step.ts';
import { prepareRestore, restore, warmDestination } from '../direct/warm-step.ts';
import type { Step } from '../step.ts';
import { checkImages } from './check-images.ts';
import { commonCleanup, commonPreparation } from './common.ts';
import { verifyRuns } from './verify.ts';

/**
 * Rounds as in a pre-copy, and what is left follows as in a post-copy: pages that have not changed since a round lie on the destination and are
 * restored at once (pagemap.c: only the newest images are remote, their parents are local); the daemon is left with those that have.
 */
export const hybridSteps: readonly Step[] = [
  ...commonPreparation,
  stage('hybrid'),
  preDump,
  warmDestination,
  setUpNetwork,
  prepareRestore,
  dump,
  handOver,
  restore,
  checkImages,
  verifyRuns,
  residual,
  ...commonCleanup,
  unstage,
];
