import { EndedThere } from '../../src/migrate/ended-there.ts';
import type { Step } from '../../src/migrate/step.ts';
import type { Controller } from './controller.ts';
import { endGoing, finish, setDestination, setSource, type Tape, type World } from './world.ts';

/** What the steps of one controller act on. */
export interface Scene {
  readonly world: World;
  readonly tape: Tape;
  readonly controller: Controller;
  readonly isPostCopy: boolean;
}

const isDocker = true;

type Acts = Partial<Record<'do' | 'undo' | 'tidy', () => Promise<unknown>>>;

/** The real steps with their names, order and flags; what they do is done to the simulated hosts. One that is not listed does nothing there. */
export function simulated(steps: readonly Step[], scene: Scene): readonly Step[] {
  const acts: Readonly<Record<string, Acts>> = { ...commonActs(scene), ...dockerActs(scene), ...directActs(scene) };
  return steps.map((step) => {
    const own = acts[step.name] ?? {};
    const idle = () => scene.controller.call(step.on === 'both' ? 'destination' : step.on, () => undefined);
    const { undo: _undo, tidy: _tidy, ...flags } = step;
    return {
      ...flags,
      do: async () => void (await (own.do ?? idle)()),
      ...(step.undo === undefined ? {} : { undo: async () => void (await (own.undo ?? idle)()) }),
      ...(step.tidy === undefined ? {} : { tidy: async () => void (await (own.tidy ?? idle)()) }),
    } as Step;
  });
}

function commonActs({ world, tape, controller, isPostCopy }: Scene): Record<string, Acts> {
  const { call } = controller;
  const isRunning = () => {
    if (world.copies.destination === 'stopped') throw new EndedThere('failed', 'it has ended there', '');
    if (world.copies.destination !== 'running') throw new Error('it does not run');
  };
  const removed = () => {
    world.isTaken = true; // Docker has no container of that id any more
    setDestination(world, 'none');
  };
  const tear = () => {
    world.isTorn = true; // it touched a page that will not come
    setDestination(world, 'stopped');
  };
  const held = () => {
    if (world.copies.destination === 'stopped') throw new Error('it is not running');
    if (world.copies.destination === 'running') setDestination(world, 'frozen');
  };
  const verify = async () => {
    await call('destination', isRunning, { isDocker });
    if (!isPostCopy) world.isPastReturn = true; // and the controller knows it
  };
  return {
    'create-destination': {
      do: () => call('destination', () => setDestination(world, 'created'), { isDocker }),
      tidy: () => call('destination', removed, { isDocker }),
    },
    'check-images': { do: async () => {} }, // memory is right here
    verify: { do: verify, undo: () => call('destination', held, { isDocker }) },
    residual: {
      do: () => {
        return call('destination', () => {
          if (world.isHalf && tape() > 0.9) tear();
          if (world.copies.destination === 'stopped' || world.down.has('source')) throw new Error('no page comes');
          world.isHalf = false;
        });
      },
      undo: () => call('destination', held, { isDocker }),
    },
    'remove-source': { do: () => call('source', () => setSource(world, 'gone'), { isDocker }) },
  };
}

/** Ends every start that is under way, and whatever it has brought to life. */
function stopForGood({ world }: Scene): void {
  world.isTaken = true;
  if (world.copies.destination !== 'none') setDestination(world, 'stopped');
}

function dockerActs(scene: Scene): Record<string, Acts> {
  const { world, tape, controller } = scene;
  const { call } = controller;
  const thaw = () => {
    if (world.copies.source === 'frozen') setSource(world, 'running');
  };
  const begin = () => {
    if (world.isTaken || world.copies.destination !== 'created') return;
    setDestination(world, tape() > 0.9 ? 'stopped' : 'running');
  };
  const start = () => {
    world.going.push({ what: 'docker start', go: begin });
    if (tape() < 0.8) finish(world, /docker start/);
    if (world.copies.destination !== 'running') throw new Error('start failed');
  };
  // CRIU gives the freezer back as it found it
  const dumped = () => {
    if (world.copies.source === 'running') setSource(world, 'frozen');
  };
  const goOn = async () => {
    await call('source', () => finish(world, /checkpoint/));
    await call('source', thaw);
  };
  return {
    pause: { do: () => call('source', () => setSource(world, 'frozen'), { isDocker }), undo: goOn },
    checkpoint: {
      do: () =>
        call('source', () => {
          world.going.push({ what: 'checkpoint', go: dumped });
          if (tape() < 0.8) finish(world, /checkpoint/);
        }),
    },
    start: {
      do: () => call('destination', start, { isDocker, late: begin }),
      undo: () => call('destination', () => stopForGood(scene)),
    },
  };
}

function directActs(scene: Scene): Record<string, Acts> {
  const { world, controller } = scene;
  const { call } = controller;
  const waitFor = (what: RegExp, isDone: () => boolean) => () =>
    call('source', () => {
      finish(world, what);
      if (!isDone()) throw new Error('the dump failed');
    });
  const stopWaiting = () =>
    call('destination', () => {
      if (world.decided.destination === null) {
        world.decided.destination = 'never';
        setDestination(world, 'stopped');
      } else if (world.decided.destination === 'restore') stopForGood(scene);
    });
  const stage = (isStaged: boolean) => () =>
    call('source', () => {
      world.isStaged = isStaged;
    });
  return {
    stage: { do: stage(true), tidy: stage(false) },
    unstage: { do: stage(false) },
    'warm-destination': {
      do: () => call('destination', () => setDestination(world, 'waiting'), { isDocker }),
      undo: stopWaiting,
    },
    dump: { do: () => call('source', () => beginDump(scene)), undo: () => letSourceGoOn(scene, stopWaiting) },
    'hand-over': { do: waitFor(/^dump/, () => world.decided.source === 'go') },
    restore: {
      do: () =>
        call('destination', () => {
          finish(world, /^(dump|restore)/);
          if (world.copies.destination !== 'running') throw new Error('the restore failed');
        }),
    },
  };
}

async function letSourceGoOn({ world, controller }: Scene, stopWaiting: () => Promise<void>): Promise<void> {
  const thaw = (isAfterGo: boolean) => () => {
    if (!world.isStaged) throw new Error('no such folder');
    world.decided.source ??= 'never';
    if (world.decided.source === 'go' && !isAfterGo) return 'went';
    endGoing(world, /^dump/);
    if (world.copies.source === 'frozen') setSource(world, 'running');
    return 'thawed';
  };
  if ((await controller.call('source', thaw(false))) === 'thawed') return;
  await stopWaiting();
  await controller.call('source', thaw(true));
}

/** The script on the source, which goes on without anybody: freeze, dump, decide, say go; then the destination restores, or fails to. */
function beginDump({ world, tape, isPostCopy }: Scene): void {
  const restore = () => {
    if (world.decided.destination !== null || world.copies.destination !== 'waiting') return;
    world.decided.destination = 'restore';
    const restored = () => {
      if (world.isTaken || world.copies.destination !== 'waiting') return;
      world.isHalf = isPostCopy;
      setDestination(world, tape() > 0.9 ? 'stopped' : 'running');
    };
    world.going.push({ what: 'restore goes on', go: restored });
  };
  const sayGo = () => {
    if (tape() > 0.95 || world.decided.source !== null) return; // it failed, or was given up
    world.decided.source = 'go';
    world.going.push({ what: 'restore hears go', go: restore });
  };
  const freeze = () => {
    setSource(world, 'frozen');
    world.going.push({ what: 'dump says go', go: sayGo });
  };
  world.going.push({ what: 'dump freezes', go: freeze });
}
