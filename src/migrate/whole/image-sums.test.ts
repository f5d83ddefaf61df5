import { expect, test } from 'vitest';
import { changedImages, comparedBytes, readSums } from './image-sums.ts';

const here = readSums('3515105045 9 ./core-1.img\n930766865 4096 ./pages-1.img\n12 3 ./rounds/1/pages-1.img\n');

test('what cksum prints is read, with names of folders', () => {
  expect([...here.keys()]).toEqual(['core-1.img', 'pages-1.img', 'rounds/1/pages-1.img']);
  expect(comparedBytes(here)).toBe(4108);
});

test('the same there, and more that came by another way: nothing has changed', () => {
  expect(changedImages(here, new Map([...here, ['pages-2.img', '1 2']]))).toEqual([]);
});

test.each([
  ['another sum', '930766866 4096 ./pages-1.img'],
  ['another size', '930766865 4095 ./pages-1.img'],
  ['not there', ''],
])('%s: named', (_case, line) => {
  const there = readSums(`3515105045 9 ./core-1.img\n${line}\n12 3 ./rounds/1/pages-1.img\n`);
  expect(changedImages(here, there)).toEqual(['pages-1.img']);
});

test('what is no sum is no image', () => {
  expect(readSums('cksum: ./a: Permission denied\n\n')).toEqual(new Map());
});
