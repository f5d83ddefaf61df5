import { expect, test } from 'vitest';
import { plainPagesFinding } from './plain-pages-check.ts';

test.each([
  ['10.77.0.3', 'warn'],
  ['fd00::3', 'warn'],
  ['b.example', 'warn'],
  [null, 'warn'],
  ['127.0.0.1', 'ok'],
  ['::1', 'ok'],
  ['localhost', 'ok'],
] as const)('pages in the clear to %s: %s', (address, status) => {
  expect(plainPagesFinding(address)).toMatchObject({ status });
});
