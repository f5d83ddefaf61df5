import { describe, expect, test } from 'vitest';
import { sourcePaths } from '../../src/catalogue/explanation.ts';

/** The way of a request as it was followed by hand, from Docker's API down to criu: what the rules must find in every set. */
const followed = {
  dockerd: [
    ...[
      'postContainerCheckpoint',
      'CheckpointCreate',
      'CreateCheckpoint',
      'postContainersStart',
      'ContainerStart',
      'containerStart',
    ],
    ...['conditionalMountOnStart', 'initializeNetworking', 'createSpec', 'ReplaceContainer', 'NewContainer', 'NewTask'],
  ],
  'containerd-client': ['Checkpoint', 'Pause', 'checkpointTask', 'writeIndex', 'Resume', 'NewTask', 'Start'],
  containerd: ['Checkpoint', 'Diff', 'writeContent', 'Create', 'Start', 'Apply', 'startShim'],
  'containerd-shim': ['Checkpoint', 'checkpoint', 'Create', 'NewContainer', 'createCheckpointedState', 'Start'],
  'go-runc': ['Checkpoint', 'Restore'],
  runc: [
    ...[
      'getContainer',
      'Checkpoint',
      'checkCriuVersion',
      'checkCriuFeatures',
      'handleCheckpointingExternalNamespaces',
      'criuSwrk',
    ],
    ...['criuNotifications', 'lockNetwork', 'unlockNetwork', 'startContainer', 'run', 'Restore', 'handleRestoringNamespaces'],
    ...['prepareCriuRestoreMounts', 'criuApplyCgroups'],
  ],
} as const;

describe.each(Object.entries(sourcePaths))('%s', (_, { functions }) => {
  test.each(Object.entries(followed))('%s: every function of the way by hand is in the path', (layer, names) => {
    const found = new Set(functions.filter((one) => one.layer === layer).map((one) => one.function.split('.').at(-1)));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});
