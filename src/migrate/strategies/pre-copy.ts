import { dump, handOver } from '../direct/dump-step.ts';
import { setUpNetwork } from '../direct/network-step.ts';
import { preDump } from '../direct/pre-dump-step.ts';
import { stage, unstage } from '../direct/stage-step.ts';
import { prepareRestore, restore, warmDestination } from '../direct/warm-step.ts';
import type { Step } from '../step.ts';
import { checkImages } from './check-images.ts';
import { commonCleanup, commonPreparation } from './common.ts';
import { verify } from './verify.ts';

/**
 * The memory goes over while the container works, in rounds; only what it has changed since the last round is sent while it stands still.
 * As files by ssh: CRIU's page server waits 200 ms at its end (a corked socket, page-xfer.c), longer than the little that is left takes.
 */
export const preCopySteps: readonly Step[] = [
  ...commonPreparation,
  stage('pre-copy'),
  preDump, // before docker start: what waits there has a limit, and rounds may take long
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
