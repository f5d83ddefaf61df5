import { dump, handOver } from '../direct/dump-step.ts';
import { setUpNetwork } from '../direct/network-step.ts';
import { pageServer } from '../direct/page-server-step.ts';
import { stage, unstage } from '../direct/stage-step.ts';
import { prepareRestore, restore, warmDestination } from '../direct/warm-step.ts';
import type { Step } from '../step.ts';
import { checkImages } from './check-images.ts';
import { commonCleanup, commonPreparation } from './common.ts';
import { verify } from './verify.ts';

/** The memory goes straight into the destination's by CRIU's page server, while CRIU reads it; no copy of it lies on the source. */
export const disklessSteps: readonly Step[] = [
  ...commonPreparation,
  stage('diskless'),
  warmDestination,
  setUpNetwork,
  prepareRestore,
  pageServer,
  dump,
  handOver,
  restore,
  checkImages,
  verify,
  ...commonCleanup,
  unstage,
];
