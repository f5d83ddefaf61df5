import type { TestbedState } from '../../vm/testbed-state.ts';
import { TransshipError } from '../error.ts';

/** What a set's file has now and had not always: `testbed down` needs none of it. */
const needed = ['kind', 'packages', 'init', 'versions', 'wireNamespace'] as const satisfies readonly (keyof TestbedState)[];

/** @throws TransshipError `not-ready` for a set that another version of Transship has made */
export function refuseEarlier(state: Partial<TestbedState> & Pick<TestbedState, 'set'>): void {
  const isWhole = needed.every((key) => state[key] !== undefined) && state.hosts?.every((host) => host.initGroups !== undefined);
  if (!isWhole)
    throw new TransshipError('not-ready', `set '${state.set}' was made by another version`, 'transship testbed down, then up');
}
