import { describe, expect, test } from 'vitest';
import { decideAs } from './chosen.ts';
import type { HostsSay } from './decide.ts';
import type { Past } from './past.ts';

const held: Past = {
  begun: [],
  ended: [],
  isCommitted: false,
  mayRunThere: true,
  isGoingBack: false,
  isStoppedThere: false,
  isHalved: true,
  isHeld: true,
};
const both: HostsSay = { source: 'frozen', destination: 'frozen', isGoSaid: true };

describe('two halves that are held', () => {
  test('nothing is decided by itself', () => {
    expect(decideAs(null, held, both)).toBe('unsure');
  });

  test('go where the user says', () => {
    expect([decideAs('on', held, both), decideAs('back', held, both)]).toEqual(['forward', 'back']);
  });

  test.each<[string, HostsSay]>([
    ['has ended there', { ...both, destination: 'none' }],
    ['cannot be asked there', { ...both, destination: 'unknown' }],
    ['runs here', { ...both, source: 'runs' }],
    ['cannot be asked here', { ...both, source: 'unknown' }],
  ])('do not go on where it %s', (_case, says) => {
    expect(decideAs('on', held, says)).toBe('unsure');
  });

  test('on a way back that was begun, go back, and nowhere else', () => {
    const goingBack = { ...held, isGoingBack: true };
    expect(decideAs(null, goingBack, both)).toBe('back');
    expect(() => decideAs('on', goingBack, both)).toThrow('it goes back to the freeze already');
  });
});

test.each<[string, Past]>([
  ['no halves', { ...held, isHeld: false }],
  ['the destination is the live copy', { ...held, isCommitted: true }],
])('%s: nothing to choose', (_case, past) => {
  expect(() => decideAs('back', past, both)).toThrow('no two halves to choose between');
});
