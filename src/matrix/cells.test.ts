import { expect, test } from 'vitest';
import { type CellResult, chooseCells, isAsKnown } from './cells.ts';

const none = { kernels: [], crius: [] };

test('all kernels with all sets, unless some are named', () => {
  expect(chooseCells(none)).toHaveLength(12);
  expect(chooseCells({ kernels: ['6.1', '7.2'], crius: ['4.2'] })).toEqual([
    { kernel: '6.1', packages: 'debian13' },
    { kernel: '6.1', packages: 'testing' },
    { kernel: 'testing', packages: 'debian13' },
    { kernel: 'testing', packages: 'testing' },
  ]);
  expect(chooseCells({ kernels: ['6.12', '6.12'], crius: ['debian12', '3.17.1'] })).toEqual([
    { kernel: '6.12', packages: 'debian12' },
  ]);
});

test.each([
  [{ ...none, kernels: ['5.10'] }, 'no kernel 5.10 here', /^there are 6\.1, 6\.12, testing/],
  [{ ...none, kernels: ['6'] }, 'no kernel 6 here', /6\.12/],
  [{ ...none, crius: ['4'] }, null, null],
  [{ ...none, crius: ['4.'] }, 'no set of packages has CRIU 4.', /debian13 \(CRIU 4\.2\.1\)/],
  [{ ...none, crius: ['9'] }, 'no set of packages has CRIU 9', /debian12 \(CRIU 3\.17\.1\)/],
] as const)('%j', (wish, message, hint) => {
  if (message === null) return expect(chooseCells(wish)).toHaveLength(9);
  expect(() => chooseCells(wish)).toThrow(expect.objectContaining({ code: 'usage', message, hint: expect.stringMatching(hint) }));
});

test('what fails as vm/versions.ts says is as known; what fails against it is not; of the rest nothing is known', () => {
  const cell = { versions: null, phases: [], run: null, endedNs: '0' };
  const works: CellResult = { ...cell, kernel: '6.12', packages: 'debian13', failures: [] };
  const failures = [{ phase: 'check', message: '', cause: null, hint: null }];
  expect(isAsKnown(works)).toBe(true);
  expect(isAsKnown({ ...works, failures })).toBe(false);
  expect(isAsKnown({ ...works, kernel: 'testing', packages: 'debian12', failures })).toBe(true);
});
