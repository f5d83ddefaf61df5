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
