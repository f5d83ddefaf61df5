import { dump, handOver } from '../direct/dump-step.ts';
import { setUpNetwork } from '../direct/network-step.ts';
import { residual } from '../direct/residual-step.ts';
import { stage, unstage } from '../direct/stage-step.ts';
import { prepareRestore, restore, warmDestination } from '../direct/warm-step.ts';
import type { Step } from '../step.ts';
import { checkImages } from './check-images.ts';
import { commonCleanup, commonPreparation } from './common.ts';
import { verifyRuns } from './verify.ts';

/**
 * The container goes on before its memory has come: pages follow as they are touched, and all others behind. Until the last one is in,
 * its newest state lies on two hosts: a failure in that time keeps both halves.
 */
export const postCopySteps: readonly Step[] = [
  ...commonPreparation,
  stage('post-copy'),
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
