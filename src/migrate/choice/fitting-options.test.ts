import { expect, test } from 'vitest';
import type { MoveOptions } from '../plan.ts';
import { strategyNames } from '../strategies/names.ts';
import { fittingOptions } from './fitting-options.ts';

const wished = { plainPages: false, tcpEstablished: true } as Omit<MoveOptions, 'strategy'>;

test.each(strategyNames)('%s, where no port is named: as wished', (strategy) => {
  expect(fittingOptions(wished, strategy)).toEqual({ options: { ...wished, strategy }, warnings: [] });
});

test.each(['diskless', 'post-copy', 'hybrid'] as const)('%s has use for a port', (strategy) => {
  const options = { ...wished, pagePort: 9000, strategy };
  expect(fittingOptions({ ...wished, pagePort: 9000 }, strategy)).toEqual({ options, warnings: [] });
});

test.each(['docker', 'cold', 'pre-copy'] as const)('%s has none: that is told, and the port is not asked for', (strategy) => {
  expect(fittingOptions({ ...wished, pagePort: 9000 }, strategy)).toEqual({
    options: { ...wished, strategy },
    warnings: [`--page-port 9000 is not needed: ${strategy} sends no memory by a port of its own`],
  });
});
