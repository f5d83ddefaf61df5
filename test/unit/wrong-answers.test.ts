import { expect, test } from 'vitest';
import { type Answer, wrongAnswers } from '../faults/writer.ts';

/** `a1 b2`: host and number, each a ms after the other. */
const said = (words: string): readonly Answer[] =>
  words
    .split(' ')
    .filter((word) => word !== '')
    .map((word, atMs) => ({ host: word.startsWith('a') ? 'a' : 'b', number: Number(word.slice(1)), atMs }));

const told = 'warning it ran on b after the restore: what it answered there is undone';

test.each([
  ['a move', 'a1 a2 b3 b4', { isThere: true, written: 4 }],
  ['a roll-back', 'a1 a2 a5', { isThere: false, written: 5 }],
  ['a roll-back after it ran on b, and that is told', 'a1 b2 b3 a4', { isThere: false, written: 4, printed: told }],
  ['what waited on its way is answered late', 'a1 b4 b2 b3', { isThere: true, written: 4 }],
])('right: %s', (_name, words, end) => {
  expect(wrongAnswers(said(words), { printed: '', ...end })).toEqual([]);
});

test.each([
  ['nobody answers', '', { isThere: true, written: 0 }, ['nobody has answered the client']],
  ['a write of a is lost', 'a1 a3 b2', { isThere: true, written: 2 }, ['write 3 was answered, and it has 2']],
  ['two copies', 'a1 b2 a3 b4', { isThere: true, written: 4 }, ['both answer: 3 times another one than before']],
  [
    'what is undone is not told',
    'a1 b2 a3',
    { isThere: false, written: 3 },
    ['b has answered, and that this is undone is not told'],
  ],
])('wrong: %s', (_name, words, end, wrong) => {
  expect(wrongAnswers(said(words), { printed: '', ...end })).toEqual(wrong);
});
