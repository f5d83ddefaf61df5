import type { JournalRecord } from '../../src/evidence/records.ts';
import { phaseOf } from '../../src/evidence/steps.ts';
import { type EngineResult, runSteps } from '../../src/migrate/engine.ts';
import type { Journal } from '../../src/migrate/journal.ts';
import { stepsOf } from '../../src/migrate/plan.ts';
import { bringToEnd, type Reach } from '../../src/migrate/recover/bring-to-end.ts';
import type { Chosen } from '../../src/migrate/recover/chosen.ts';
import type { CopyState, HostsSay } from '../../src/migrate/recover/decide.ts';
import { type Move, nothingFound } from '../../src/migrate/step.ts';
import type { StrategyName } from '../../src/migrate/strategies/names.ts';
import { type Controller, newController } from './controller.ts';
import { type Scene, simulated } from './steps.ts';
import { finish, newWorld, passTime, setDestination, setSource, type Tape, type World } from './world.ts';

export interface Life {
  readonly strategy: StrategyName;
  /** What goes wrong, in the first controller's life and in those that recover. */
  readonly faults: readonly number[];
  /** How many recoveries meet faults as well, before one that meets none. */
  readonly recoveries: number;
}

export interface Ending {
  readonly outcome: EngineResult['outcome'];
  /** By which sentence of the docs it is wrong; none: all is well. */
  readonly violations: readonly string[];
  readonly journal: readonly string[];
}

/** One move from its start until nothing is left to recover: the real engine and the real decision, on simulated hosts. */
export async function live({ strategy, faults, recoveries }: Life): Promise<Ending> {
  const world = newWorld();
  const journal: JournalRecord[] = [];
  const tape = playing(faults);
  let result = await oneLife(world, strategy, { tape, journal, isFirst: true });
  for (let round = 0; round <= recoveries && (result === 'killed' || result.outcome === 'lost'); round += 1) {
    world.down.clear();
    world.withoutDocker.clear();
    passTime(world, tape);
    if (journal.length === 0) break; // nothing was begun
    result = await oneLife(world, strategy, { tape: round < recoveries ? tape : () => 0, journal, isFirst: false });
  }
  if (result !== 'killed' && result.outcome === 'halves-kept') result = await choose(world, strategy, { journal, faults });
  finish(world, /^/);
  const outcome = result === 'killed' ? 'rolled-back' : result.outcome;
  return { outcome, violations: [...world.violations, ...wrongEnd(world, outcome)], journal: journal.map(lineOf) };
}

/** The user goes one of the two ways, and meets no fault; where one cannot be gone on, the other one is left. */
async function choose(
  world: World,
  strategy: StrategyName,
  { journal, faults }: { readonly journal: JournalRecord[]; readonly faults: readonly number[] },
): Promise<EngineResult | 'killed'> {
  world.down.clear();
  world.withoutDocker.clear();
  const turn = { tape: () => 0, journal, isFirst: false };
  if (faults.length % 2 === 0) {
    const result = await oneLife(world, strategy, { ...turn, chosen: 'on' });
    if (result === 'killed' || result.outcome !== 'halves-kept') return result;
    if (!world.isTorn && world.copies.destination !== 'stopped')
      world.violations.push('the way on was chosen, and is not gone, though nothing is in it');
  }
  world.isPastReturn = false; // what was answered is given up
  return await oneLife(world, strategy, { ...turn, chosen: 'back' });
}

function playing(values: readonly number[]): Tape {
  let next = 0;
  return () => {
    const value = values[next] ?? 0;
    next += 1;
    return value / 1000;
  };
}

interface Turn {
  readonly tape: Tape;
  readonly journal: JournalRecord[];
  readonly isFirst: boolean;
  readonly chosen?: Chosen | null;
}

async function oneLife(
  world: World,
  strategy: StrategyName,
  { tape, journal, isFirst, chosen = null }: Turn,
): Promise<EngineResult | 'killed'> {
  const controller = newController(world, tape);
  const scene: Scene = { world, tape, controller, isPostCopy: strategy === 'post-copy' || strategy === 'hybrid' };
  const steps = simulated(stepsOf({ strategy, isPlain: false }), scene);
  const move = {
    ...{ source: { name: 'a' }, destination: { name: 'b' }, folder: { run: 'r1' } },
    ...{ signal: controller.abort.signal, report: { step: () => {}, noReturn: () => {}, progress: () => {} } },
    ...{ plan: { options: {} }, found: nothingFound([]) },
  } as unknown as Move;
  const options = {
    journal: writing(journal, world),
    afterUndo: async () => {},
    isSourceLive: () => controller.call('source', () => world.copies.source === 'running'),
  };
  const recovering = { steps, journal: [...journal], options, reach: reaching(scene), chosen };
  return await Promise.race([controller.killed, isFirst ? runSteps(steps, move, options) : bringToEnd(move, recovering)]);
}

function writing(journal: JournalRecord[], world: World): Journal {
  return {
    write: ({ step, host, event, detail = {} }) => {
      if (step === 'residual' && event === 'begin') world.isPastReturn = true; // what is answered from now on is there alone
      journal.push({ seq: journal.length + 1, step, phase: phaseOf(step), host, event, atNs: '0', detail });
    },
  };
}

function lineOf({ step, event, detail }: JournalRecord): string {
  return `${step} ${event}${detail.error === undefined ? '' : `: ${detail.error}`}`;
}

const shown = {
  running: 'runs',
  frozen: 'frozen',
  gone: 'none',
  none: 'none',
  created: 'none',
  waiting: 'none',
  stopped: 'none',
} as const;

function reaching({ world, tape, controller }: Scene): Reach {
  const ask = async <T>(side: 'source' | 'destination', look: () => T, unknown: T): Promise<T> =>
    await controller.call(side, look).catch(() => unknown);
  return {
    ask: async (): Promise<HostsSay> => {
      const isDirect =
        world.decided.destination !== null || world.copies.destination === 'waiting' || world.decided.source !== null;
      const isGoSaid = isDirect ? await ask('source', () => world.decided.source === 'go', null) : null;
      // what is under way there is waited for, though not for ever
      if (isGoSaid !== false && tape() < 0.9) await ask('destination', () => finish(world, /^(restore|docker start)/), undefined);
      const source = await ask<CopyState>('source', () => shown[world.copies.source], 'unknown');
      return {
        isGoSaid,
        source,
        destination: await ask<CopyState>('destination', () => shown[world.copies.destination], 'unknown'),
      };
    },
    thawThere: () => controller.call('destination', () => setDestination(world, 'running')),
    hold: (says) => hold(world, controller, says),
  };
}

async function hold(world: World, controller: Controller, says: HostsSay): Promise<readonly string[]> {
  const undone: string[] = [];
  const note = () => void undone.push('it could not be frozen');
  if (says.source === 'runs') await controller.call('source', () => setSource(world, 'frozen')).catch(note);
  if (says.destination === 'runs') await controller.call('destination', () => setDestination(world, 'frozen')).catch(note);
  return undone;
}

/** One live copy, or a stated none; and what was said is so. */
function wrongEnd({ copies, isTorn }: World, outcome: EngineResult['outcome']): readonly string[] {
  const { source, destination } = copies;
  const isHere = source === 'running';
  const isThere = destination === 'running';
  const where = `source ${source}, destination ${destination}`;
  if (outcome === 'migrated' && (isHere || !isThere)) return [`migrated, but ${where}`];
  if (outcome === 'rolled-back' && (!isHere || isThere)) return [`rolled back, but ${where}`];
  if (outcome === 'lost' && !isTorn) return [`lost, though the last recovery had all answers: ${where}`];
  if (outcome === 'halves-kept' && (isHere || isThere)) return [`both halves kept, but ${where}`];
  return [];
}
