import { expect, test } from 'vitest';
import { isWithin, overlap } from './subnets.ts';

test.each([
  ['172.20.0.5', '172.20.0.0/16', true],
  ['172.21.0.5', '172.20.0.0/16', false],
  ['10.1.2.3', '10.1.2.0/29', true],
  ['fd00::5', 'fd00::/64', true],
  ['fd00::5', '172.20.0.0/16', false],
  ['', '172.20.0.0/16', false],
  ['172.20.0.5', '', false],
])('%s in %s: %s', (address, subnet, expected) => {
  expect(isWithin(address, subnet)).toBe(expected);
});

test('subnets overlap where one holds the other', () => {
  expect(overlap('172.16.0.0/12', '172.20.0.0/16')).toBe(true);
  expect(overlap('172.20.0.0/16', '172.16.0.0/12')).toBe(true);
  expect(overlap('172.20.0.0/16', '172.21.0.0/16')).toBe(false);
});
