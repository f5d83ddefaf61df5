import { migrate } from '../src/migrate/migrate.ts';
import { type MoveOptions, plan } from '../src/migrate/plan.ts';
import type { Step, StepEvent } from '../src/migrate/step.ts';
import { type WatchKind, watchKinds } from '../src/migrate/watch.ts';
import { noteMove } from './move-story.ts';
import type { TwoHosts } from './two-hosts.ts';

export interface MoveTest {
  readonly container: string;
  readonly options?: Partial<MoveOptions>;
  /** Told of every step before it does anything, and the step waits for this to return. */
  readonly onStep?: (event: StepEvent) => void;
  readonly onProgress?: (line: string) => void;
  /** Other steps than those of the strategy. */
  readonly steps?: readonly Step[];
  readonly signal?: AbortSignal;
  readonly isProbed?: boolean;
  /** Every kind unless told. */
  readonly watched?: readonly WatchKind[];
  readonly isUprobed?: boolean;
  /** Set once the plan stands: on a busy machine it would be refused for what is expected. */
  readonly downtimeLimitMs?: number;
}

export const usualOptions: MoveOptions = {
  strategy: 'docker',
  isPlain: false,
  plainPages: false,
  tcpEstablished: false,
  volumes: { all: 'copy', byPlace: {} },
  dropExecs: false,
};

/** Moves from a to b as the command does, with a hand on every step. */
export async function moveIt({ a, b }: TwoHosts, test: MoveTest) {
  const planned = await plan({
    container: test.container,
    source: a,
    destination: b,
    options: { ...usualOptions, ...test.options },
  });
  const { downtimeLimitMs } = test;
  const chosen = downtimeLimitMs === undefined ? planned : { ...planned, options: { ...planned.options, downtimeLimitMs } };
  const moved = await migrate({
    plan: test.steps === undefined ? chosen : { ...chosen, steps: test.steps },
    source: a,
    destination: b,
    report: { step: test.onStep ?? (() => {}), noReturn: () => {}, progress: test.onProgress ?? (() => {}) },
    signal: test.signal ?? new AbortController().signal,
    runName: undefined,
    isProbed: test.isProbed ?? false,
    watched: test.watched ?? watchKinds,
    isUprobed: test.isUprobed ?? false,
    version: 'test',
  });
  noteMove(moved.folder, moved.manifest);
  return moved;
}
