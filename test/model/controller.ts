import { passTime, type Side, type Tape, type World } from './world.ts';

/** One life of a controller: from its start to its end, or to the call at which it is killed. */
export interface Controller {
  readonly abort: AbortController;
  readonly killed: Promise<'killed'>;
  /** Asks a host to do something. It may be done or not, answered or not, done later, and the controller may be killed before or after. */
  call<T>(side: Side, act: () => T, how?: How): Promise<T>;
}

interface How {
  /** Only Docker can do it: no shell and no runc instead. */
  readonly isDocker?: true;
  /** What may still happen when the wait for it was given up. */
  readonly late?: () => void;
}

export function newController(world: World, tape: Tape): Controller {
  const abort = new AbortController();
  let kill = () => {};
  const killed = new Promise<'killed'>((resolve) => {
    kill = () => resolve('killed');
  });
  const die = () => {
    kill();
    return new Promise<never>(() => {}); // whoever awaits it never goes on
  };
  const call = async <T>(side: Side, act: () => T, { isDocker, late }: How = {}): Promise<T> => {
    passTime(world, tape);
    const draw = tape();
    if (draw >= 0.98) world.down.add(side);
    if (world.down.has(side)) throw new Error(`${side} does not answer`);
    if (draw >= 0.97) world.withoutDocker.add(side);
    if (isDocker && world.withoutDocker.has(side)) throw new Error(`dockerd on ${side} is dead`);
    if (draw >= 0.96) abort.abort();
    if (draw >= 0.88 && draw < 0.92) return await die();
    if (draw >= 0.74 && draw < 0.8) throw new Error(`${side} refused`);
    if (draw >= 0.68 && draw < 0.74 && late !== undefined) {
      world.going.push({ what: `late on ${side}`, go: late });
      throw new Error(`${side} did not answer in time`);
    }
    const result = act();
    if (draw >= 0.92 && draw < 0.96) return await die();
    if (draw >= 0.8 && draw < 0.88) throw new Error(`the answer of ${side} was lost`);
    return result;
  };
  return { abort, killed, call };
}
