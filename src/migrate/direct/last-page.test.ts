import { expect, test } from 'vitest';
import { lastPage } from './last-page.ts';

const found = `(00.117328) uffd: 1-9: Found 47331 pages to be handled by UFFD
(00.117577) uffd: 8-10: Found 257 pages to be handled by UFFD
(00.207189) uffd: 8-10: UFFD transferred pages: (257/257)
`;

test('every page of every process', () => {
  const lines = `${found}(01.319217) uffd: 1-9: UFFD transferred pages: (47331/47331)\n`;
  expect(lastPage(lines)).toEqual({ pages: 47_588, missing: null });
});

test('memory that the process gave up before it came is not missed', () => {
  // as it was seen of a Redis, whose allocator gave 4 MB back
  const lines = `${found}(00.301297) uffd: 1-9: REMOVE: 7f51e8200000(401000)
(01.319217) uffd: 1-9: UFFD transferred pages: (46306/47331)\n`;
  expect(lastPage(lines)).toEqual({ pages: 46_563, missing: null });
});

test('a process that ended needs none', () => {
  const lines = `${found}(00.301297) uffd: 1-9: EXIT\n(01.319217) uffd: 1-9: UFFD transferred pages: (6/47331)\n`;
  expect(lastPage(lines).missing).toBeNull();
});

test('what a process has forked has no pages of its own to come, whether it has ended or not', () => {
  const lines = `${found}(00.29) uffd: 1-9: FORK: child with ufd=11
(00.30) uffd: 1-9: FORK: child with ufd=12
(00.31) uffd: 1-11: EXIT
(00.32) uffd: 1--11: UFFD transferred pages: (30/47331)
(01.30) uffd: 1-12: UFFD transferred pages: (40000/47331)
(01.31) uffd: 1-9: UFFD transferred pages: (47331/47331)\n`;
  expect(lastPage(lines)).toEqual({ pages: 47_588, missing: null });
});

test('one that has ended has another name in its last words', () => {
  const lines = `${found}(00.30) uffd: 1-9: EXIT\n(01.31) uffd: 1--9: UFFD transferred pages: (6/47331)\n`;
  expect(lastPage(lines)).toEqual({ pages: 263, missing: null });
});

test.each([
  [
    'more than was given up',
    `${found}uffd: 1-9: UNMAP: 7f51e8200000(400000)\nuffd: 1-9: UFFD transferred pages: (46306/47331)`,
    '1 pages',
  ],
  ['one of which nothing was said', found, '1-9'],
  ['nothing at all', '', 'no process'],
])('%s: not whole', (_what, lines, why) => {
  expect(lastPage(lines).missing).toContain(why);
});
