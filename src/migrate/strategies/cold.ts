import { dump, handOver } from '../direct/dump-step.ts';
import { setUpNetwork } from '../direct/network-step.ts';
import { stage, unstage } from '../direct/stage-step.ts';
import { prepareRestore, restore, warmDestination } from '../direct/warm-step.ts';
import type { Step } from '../step.ts';
import { checkImages } from './check-images.ts';
import { commonCleanup, commonPreparation } from './common.ts';
import { verify } from './verify.ts';

/** All of the memory as images on the source, then over the line, then restored: what Docker does, without its content store. */
export const coldSteps: readonly Step[] = [
  ...commonPreparation,
  stage('cold'),
  warmDestination,
  setUpNetwork,
  prepareRestore,
  dump,
  handOver,
  restore,
  checkImages,
  verify,
  ...commonCleanup,
  unstage,
];
