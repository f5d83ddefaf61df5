import fc from 'fast-check';
import { strategyNames } from '../../src/migrate/strategies/names.ts';
import type { Life } from './lives.ts';

/** In thousandths; two thirds are quiet, so that lives get far enough to be interesting. */
const fault = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 999 }) });

export const anyLife: fc.Arbitrary<Life> = fc.record({
  strategy: fc.constantFrom(...strategyNames),
  faults: fc.array(fault, { maxLength: 120, size: 'max' }),
  recoveries: fc.integer({ min: 0, max: 3 }),
});
