import { describe, expect, test } from 'vitest';
import { TransshipError } from '../error.ts';
import type { StepName } from '../evidence/steps.ts';
import { runSteps } from './engine.ts';
import type { Move, Step, StepEvent } from './step.ts';

/**
 * prepare ─ pause ─ start ─ verify(commits) ─ remove-source
 * Each step writes what it did; the container is live on the source unless paused, on the destination once started.
 */
function world(
  faults: { readonly fail?: string; readonly failUndo?: string; readonly abortIn?: string; readonly mustHold?: string } = {},
) {
  const log: string[] = [];
  const events: StepEvent[] = [];
  const journal: string[] = [];
  const abort = new AbortController();
  const live = { source: true, destination: false };
  const act = (name: string) => {
    log.push(name);
    if (faults.abortIn === name) abort.abort();
    if (faults.fail === name) throw new Error(`${name} broke`);
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
    tidy: async () => void log.push(`tidy ${name}`),
    ...(change.commits ? { commits: true as const } : {}),
    ...(faults.mustHold === name ? { undoMustHold: true as const } : {}),
  });
  const steps = [
    step('create-destination', {}),
    step('pause', { onDo: () => (live.source = false), onUndo: () => (live.source = true) }),
    step('start', { onDo: () => (live.destination = true), onUndo: () => (live.destination = false) }),
    step('verify', { commits: true }),
    step('remove-source', {}),
  ];
  const names = { source: { name: 'a' }, destination: { name: 'b' } };
  const report = { step: (event: StepEvent) => events.push(event), progress: () => {} };
  const plan = { container: { name: 'web' }, options: {} };
  const found = { frozenAtMs: null, thawedAtMs: null, givenUp: null };
  const move = { ...names, plan, found, signal: abort.signal, report } as unknown as Move;
  const run = () =>
    runSteps(steps, move, {
      journal: { write: ({ step: name, event }) => void journal.push(`${name} ${event}`) },
      afterUndo: async () => void log.push('evidence'),
      isSourceLive: async () => live.source,
    });
  return { run, log, events, journal, live };
}

describe('a migration that goes well', () => {
  test('does every step once, and undoes nothing', async () => {
    const { run, log, journal } = world();
    expect(await run()).toEqual({ outcome: 'migrated', warnings: [] });
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
    expect(result.outcome).toBe('migrated');
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

describe('an interrupt', () => {
  test.each(['create-destination', 'pause', 'start'])('in %s rolls back', async (abortIn) => {
    const { run, live } = world({ abortIn });
    const result = await run();
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'interrupted' } });
    expect(result.outcome !== 'migrated' && result.error).toBeInstanceOf(TransshipError);
    expect(live).toEqual({ source: true, destination: false });
  });

  test.each(['verify', 'remove-source'])('in %s, at or after the commit, changes nothing', async (abortIn) => {
    const { run, live } = world({ abortIn });
    expect((await run()).outcome).toBe('migrated');
    expect(live.destination).toBe(true);
  });
});
