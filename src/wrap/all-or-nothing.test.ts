import { expect, test } from 'vitest';
import { type Act, allOrNothing } from './all-or-nothing.ts';

function acts(...failing: readonly string[]) {
  const told: string[] = [];
  const tell = (word: string) => async () => {
    told.push(word);
    if (failing.includes(word)) throw new Error(`${word} failed`);
  };
  const all: readonly Act[] = ['a', 'b', 'c'].map((name) => ({ do: tell(name), undo: tell(`un-${name}`) }));
  return { all, told };
}

test('all are done, in their order', async () => {
  const { all, told } = acts();
  await allOrNothing(all);
  expect(told).toEqual(['a', 'b', 'c']);
});

test('one fails: it and those before it are undone, the last one first', async () => {
  const { all, told } = acts('b');
  await expect(allOrNothing(all)).rejects.toThrow(/^b failed$/);
  expect(told).toEqual(['a', 'b', 'un-b', 'un-a']);
});

test('an undo that fails is told, and the others are undone all the same', async () => {
  const { all, told } = acts('c', 'un-b');
  await expect(allOrNothing(all)).rejects.toThrow('c failed; putting it back failed, too: un-b failed');
  expect(told.slice(3)).toEqual(['un-c', 'un-b', 'un-a']);
});

test('an interrupt in between: what was done is undone', async () => {
  const { all, told } = acts();
  const controller = new AbortController();
  const [first] = all;
  const interrupting: Act = { do: async () => controller.abort(), undo: async () => {} };
  await expect(allOrNothing([first as Act, interrupting, ...all.slice(1)], controller.signal)).rejects.toMatchObject({
    code: 'interrupted',
  });
  expect(told).toEqual(['a', 'un-a']);
});
