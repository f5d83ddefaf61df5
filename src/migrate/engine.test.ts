import { describe, expect, test } from 'vitest';
import { TransshipError } from '../error.ts';
import type { StepName } from '../evidence/steps.ts';
import { EndedThere } from './ended-there.ts';
import { runSteps } from './engine.ts';
import type { Move, Step, StepEvent } from './step.ts';

/**
 * prepare ─ pause ─ start ─ verify(commits) ─ remove-source
 * Each step writes what it did; the container is live on the source unless paused, on the destination once started.
 */
function world(
  faults: {
    readonly fail?: string;
    readonly failUndo?: string;
    readonly failTidy?: string;
    readonly abortIn?: string;
    readonly mustHold?: string;
    /** Holds both sides when it fails, unless the container has ended there. */
    readonly keepsHalves?: string;
    readonly hasEndedThere?: boolean;
    /** The journal's disk is full for such entries. */
    readonly noRoomFor?: RegExp;
    readonly isTerminalGone?: boolean;
    readonly isSourceDeaf?: boolean;
  } = {},
) {
  const log: string[] = [];
  const events: StepEvent[] = [];
  const journal: string[] = [];
  const abort = new AbortController();
  const live = { source: true, destination: false };
  let canReturn = true;
  let couldReturn: boolean | null = null;
  const act = (name: string) => {
    log.push(name);
    if (faults.abortIn === name) {
      abort.abort();
      couldReturn = canReturn;
    }
    if (faults.fail !== name) return;
    if (faults.hasEndedThere) throw new EndedThere('failed', `${name}: it has ended there`, '');
    throw new Error(`${name} broke`);
  };
  const step = (name: StepName, change: Partial<Step> & { onDo?: () => void; onUndo?: () => void }): Step => ({
    name,
    on: 'source',
    about: name,
    do: async () => {
      change.onDo?.();
      act(name);
      return undefined;
    },
    undo: async () => {
      log.push(`undo ${name}`);
      if (faults.failUndo === name) throw new Error(`undo ${name} broke`);
      change.onUndo?.();
    },
    tidy: async () => {
      log.push(`tidy ${name}`);
      if (faults.failTidy === name) throw new Error(`tidy ${name} broke`);
    },
    ...(change.commits ? { commits: true as const } : {}),
    ...(faults.mustHold === name ? { undoMustHold: true as const } : {}),
    ...(faults.keepsHalves === name ? { keepsHalves: true as const } : {}),
  });
  const steps = [
    step('create-destination', {}),
    step('pause', { onDo: () => (live.source = false), onUndo: () => (live.source = true) }),
    step('start', { onDo: () => (live.destination = true), onUndo: () => (live.destination = false) }),
    step('verify', { commits: true }),
    step('remove-source', {}),
  ];
  const names = { source: { name: 'a' }, destination: { name: 'b' } };
  const report = {
    step: (event: StepEvent) => {
      if (faults.isTerminalGone) throw new Error('write EIO');
      events.push(event);
    },
    noReturn: () => {
      canReturn = false;
    },
    progress: () => {},
  };
  const write = (entry: string) => {
    if (faults.noRoomFor?.test(entry)) throw new Error('ENOSPC: no space left on device, write');
    journal.push(entry);
  };
  const plan = { container: { name: 'web' }, options: {} };
  const found = { frozenAtMs: null, thawedAtMs: null, givenUp: null };
  const move = { ...names, plan, found, signal: abort.signal, report } as unknown as Move;
  const run = () =>
    runSteps(steps, move, {
      journal: { write: ({ step: name, event }) => write(`${name} ${event}`) },
      afterUndo: async () => void log.push('evidence'),
      isSourceLive: async () => {
        if (faults.isSourceDeaf) throw new Error('no answer within 10 s');
        return live.source;
      },
    });
  /** What whoever interrupted was told. */
  const wasTold = () => couldReturn;
  return { run, log, events, journal, live, wasTold };
}

describe('a migration that goes well', () => {
  test('does every step once, and undoes nothing', async () => {
    const { run, log, journal } = world();
    expect(await run()).toEqual({ outcome: 'migrated', warnings: [], untidy: [] });
    expect(log).toEqual(['create-destination', 'pause', 'start', 'verify', 'remove-source']);
    expect(journal.slice(0, 4)).toEqual(['create-destination begin', 'create-destination end', 'pause begin', 'pause end']);
  });
});

describe('a step that fails', () => {
  test.each(['create-destination', 'pause', 'start', 'verify'])(
    '%s: all is undone last first, and only the source lives',
    async (fail) => {
      const { run, log, live } = world({ fail });
      const result = await run();
      expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: fail });
      expect(result.outcome === 'rolled-back' && result.error.message).toContain(`${fail} broke`);
      expect(live).toEqual({ source: true, destination: false });
      const undone = log.filter((line) => line.startsWith('undo'));
      expect(undone[0]).toBe(`undo ${fail}`);
      expect(undone.at(-1)).toBe('undo create-destination');
      expect(log.indexOf('evidence')).toBeGreaterThan(log.lastIndexOf('undo create-destination'));
      expect(log.at(-1)).toBe('tidy create-destination');
    },
  );

  test('after the commit it is a warning: the destination is the live copy', async () => {
    const { run, log, live } = world({ fail: 'remove-source' });
    const result = await run();
    expect(result).toMatchObject({ outcome: 'migrated', untidy: ['remove-source'] });
    expect(result.warnings[0]).toContain('remove-source broke');
    expect(live.destination).toBe(true);
    expect(log.some((line) => line.startsWith('undo'))).toBe(false);
  });

  test('an undo that fails keeps no other from being done, and the loss is said', async () => {
    const { run, log, live } = world({ fail: 'start', failUndo: 'pause' });
    const result = await run();
    expect(result.outcome).toBe('lost');
    expect(result.warnings).toEqual(['undoing pause: undo pause broke']);
    expect(log).toContain('undo create-destination');
    expect(live).toEqual({ source: false, destination: false });
  });
});

describe('a container that runs nowhere', () => {
  test.each([
    ['an undo failed', { fail: 'start', failUndo: 'pause' }],
    ['the source does not answer', { fail: 'start', isSourceDeaf: true }],
    ['the destination cannot be stopped', { fail: 'verify', failUndo: 'start', mustHold: 'start' }],
  ])('%s: nothing is removed, as it could be the only copy of its memory', async (_why, faults) => {
    const { run, log } = world(faults);
    expect((await run()).outcome).toBe('lost');
    expect(log.filter((line) => line.startsWith('tidy'))).toEqual([]);
    expect(log).toContain('evidence');
  });

  test('a tidy that fails is no loss, but it is known whose', async () => {
    const { run, log } = world({ fail: 'start', failTidy: 'pause' });
    expect(await run()).toMatchObject({ outcome: 'rolled-back', untidy: ['pause'] });
    expect(log.at(-1)).toBe('tidy create-destination');
  });
});

describe('a full disk under the journal', () => {
  test.each(['create-destination', 'pause', 'start', 'verify'])('keeps %s from beginning: all is undone', async (name) => {
    const { run, log, live } = world({ noRoomFor: new RegExp(`^${name} begin`) });
    const result = await run();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: name });
    expect(result.outcome !== 'migrated' && result.error.message).toContain('ENOSPC');
    expect(log).not.toContain(name);
    expect(live).toEqual({ source: true, destination: false });
  });

  test.each(['start', 'verify'])('after %s began, all of it: undone to the last, and said once', async (fail) => {
    const { run, log, live } = world({ fail, noRoomFor: / (?:failed|undo.*)$/ });
    const result = await run();
    expect(result.outcome).toBe('rolled-back');
    expect(live).toEqual({ source: true, destination: false });
    expect(log).toContain('undo create-destination');
    expect(result.warnings).toEqual(['the journal is not whole: ENOSPC: no space left on device, write']);
  });

  test('at the end of the commit: what was done stays done, and the rest is cleaned up', async () => {
    const { run, log, live } = world({ noRoomFor: /^(verify end|remove-source)/ });
    const result = await run();
    expect(result).toMatchObject({ outcome: 'migrated', untidy: [] });
    expect(result.warnings).toEqual(['the journal is not whole: ENOSPC: no space left on device, write']);
    expect(log.at(-1)).toBe('remove-source');
    expect(live.destination).toBe(true);
  });
});

describe('a terminal that is gone', () => {
  test('the move goes on without it', async () => {
    const { run, live } = world({ isTerminalGone: true });
    const result = await run();
    expect(result.outcome).toBe('migrated');
    expect(result.warnings).toEqual(['what the steps did could not be told: write EIO']);
    expect(live.destination).toBe(true);
  });

  test('and so does a roll-back', async () => {
    const { run, live } = world({ isTerminalGone: true, fail: 'start' });
    expect((await run()).outcome).toBe('rolled-back');
    expect(live).toEqual({ source: true, destination: false });
  });
});

describe('a destination that cannot be stopped', () => {
  test('the source stays frozen, as both could live; and that is said', async () => {
    const { run, log, live } = world({ fail: 'verify', failUndo: 'start', mustHold: 'start' });
    const result = await run();
    expect(result.outcome).toBe('lost');
    expect(result.warnings.join()).toContain('the source stays frozen');
    expect(live.source).toBe(false);
    expect(log).not.toContain('undo pause');
    expect(log).toContain('evidence');
  });
});

describe('a step at which the newest state lies on two hosts', () => {
  test('keeps both halves when it fails: nothing but it is undone', async () => {
    const { run, log, live } = world({ fail: 'verify', keepsHalves: 'verify' });
    expect(await run()).toMatchObject({ outcome: 'halves-kept', failedStep: 'verify' });
    expect(log.slice(-2)).toEqual(['undo verify', 'evidence']);
    expect(live.source).toBe(false);
  });

  test('goes back where nothing lives there any more, and holds nobody on the way', async () => {
    const { run, log, live } = world({ fail: 'verify', keepsHalves: 'verify', hasEndedThere: true });
    expect(await run()).toMatchObject({ outcome: 'rolled-back', failedStep: 'verify' });
    expect(log).not.toContain('undo verify');
    expect(live).toEqual({ source: true, destination: false });
  });

  test('an interrupt in it changes nothing', async () => {
    const { run, live, wasTold } = world({ abortIn: 'verify', keepsHalves: 'verify' });
    expect((await run()).outcome).toBe('migrated');
    expect(wasTold()).toBe(false);
    expect(live.destination).toBe(true);
  });
});

describe('an interrupt', () => {
  test.each(['create-destination', 'pause', 'start'])('in %s rolls back', async (abortIn) => {
    const { run, live, wasTold } = world({ abortIn });
    const result = await run();
    expect(wasTold()).toBe(true);
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'interrupted' } });
    expect(result.outcome !== 'migrated' && result.error).toBeInstanceOf(TransshipError);
    expect(live).toEqual({ source: true, destination: false });
  });

  test.each(['verify', 'remove-source'])('in %s, at or after the commit, changes nothing', async (abortIn) => {
    const { run, live, wasTold } = world({ abortIn });
    expect((await run()).outcome).toBe('migrated');
    expect(wasTold()).toBe(false);
    expect(live.destination).toBe(true);
  });
});
