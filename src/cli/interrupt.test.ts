import { afterEach, expect, test } from 'vitest';
import { type Interrupt, interruptSignal } from './interrupt.ts';

const said: string[] = [];
let interrupt: Interrupt | null = null;

function open(): Interrupt {
  said.length = 0;
  interrupt = interruptSignal((line) => said.push(line));
  return interrupt;
}

afterEach(() => interrupt?.release());

test('the first asks for a roll-back, others only say that it is under way', () => {
  const { signal } = open();
  process.emit('SIGINT');
  process.emit('SIGTERM');
  expect(signal.aborted).toBe(true);
  expect(said).toEqual(['interrupted: rolling back after the current step', 'still at it: the container is being put back']);
});

test('past the point of return nobody is promised a roll-back', () => {
  const { noReturn } = open();
  noReturn();
  process.emit('SIGINT');
  process.emit('SIGHUP');
  const late = 'too late to roll back: what is under way is brought to its end';
  expect(said).toEqual([late, late]);
});
