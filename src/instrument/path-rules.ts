import { containerdRules } from './path-containerd.ts';
import { dockerdRules } from './path-dockerd.ts';
import type { PathRule } from './path-rule.ts';
import { runcRules } from './path-runc.ts';
import { shimRules } from './path-shim.ts';

/** The path of a checkpoint and of a restore, from Docker's API down to criu. */
export const pathRules: readonly PathRule[] = [...dockerdRules, ...containerdRules, ...shimRules, ...runcRules];

/** Functions by which the path is entered: Docker's API, and runc's command line. */
export const entryPoints = ['dockerd.post-container-checkpoint', 'dockerd.post-containers-start'] as const;
