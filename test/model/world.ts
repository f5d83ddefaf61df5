/** Values between 0 and 1 that decide what goes wrong; when they end, nothing does any more. Zero is always the quiet way. */
export type Tape = () => number;

export type Side = 'source' | 'destination';

/** What goes on on the hosts by itself, whoever asked for it: one thing after another. */
export interface Going {
  readonly what: string;
  readonly go: () => void;
}

/**
 * Two simulated hosts with one container. The source's copy is `gone` when it was removed; the destination's `waits` when our runtime waits
 * in it for the word. All that a host does to a copy goes through `set`, which watches over the invariant.
 */
export interface World {
  readonly copies: { source: SourceState; destination: DestinationState };
  /** Folders by whose making it is decided, once, whether the destination may restore. */
  readonly decided: { source: null | 'go' | 'never'; destination: null | 'restore' | 'never' };
  /** The id was taken on the destination: no start finds it free. */
  isTaken: boolean;
  /** The folder of the move is there, without which nothing is given up. */
  isStaged: boolean;
  /** Memory is still to come. */
  isHalf: boolean;
  /** It died there while a part of its newest state was still here: nobody can mend that. */
  isTorn: boolean;
  /** From here on the source must not run again. */
  isPastReturn: boolean;
  readonly going: Going[];
  /** Hosts that do not answer, and hosts whose dockerd is dead; until somebody has seen to them. */
  readonly down: Set<Side>;
  readonly withoutDocker: Set<Side>;
  readonly violations: string[];
}

export type SourceState = 'running' | 'frozen' | 'gone';
export type DestinationState = 'none' | 'created' | 'waiting' | 'running' | 'frozen' | 'stopped';

export function newWorld(): World {
  return {
    copies: { source: 'running', destination: 'none' },
    decided: { source: null, destination: null },
    isTaken: false,
    isStaged: false,
    isHalf: false,
    isTorn: false,
    isPastReturn: false,
    going: [],
    down: new Set(),
    withoutDocker: new Set(),
    violations: [],
  };
}

export function setSource(world: World, state: SourceState): void {
  world.copies.source = state;
  watch(world, `the source is ${state}`);
}

export function setDestination(world: World, state: DestinationState): void {
  world.copies.destination = state;
  watch(world, `the destination is ${state}`);
}

function watch(world: World, what: string): void {
  const { source, destination } = world.copies;
  if (source === 'running' && destination === 'running') world.violations.push(`${what}: two live copies`);
  if (source === 'running' && world.isPastReturn) world.violations.push(`${what}, though the destination was the live copy`);
}

/** Lets what is under way of that name come to its end. */
export function finish(world: World, what: RegExp): void {
  for (;;) {
    const index = world.going.findIndex((one) => what.test(one.what));
    const [one] = index < 0 ? [] : world.going.splice(index, 1);
    if (one === undefined) return;
    one.go();
  }
}

/** Some of what is under way goes on, as the tape has it. */
export function passTime(world: World, tape: Tape): void {
  while (world.going.length > 0) {
    const draw = tape();
    if (draw < 0.5) return;
    const [one] = world.going.splice(Math.floor((draw - 0.5) * 2 * world.going.length), 1);
    one?.go();
  }
}

/** Ends what is under way, as a killed process does. */
export function endGoing(world: World, what: RegExp): void {
  for (let index = world.going.length - 1; index >= 0; index -= 1)
    if (what.test(world.going[index]?.what ?? '')) world.going.splice(index, 1);
}
