import { hasPageChannel } from '../../hosts/check.ts';
import type { MoveOptions } from '../plan.ts';
import type { StrategyName } from '../strategies/names.ts';

interface Fitting {
  readonly options: MoveOptions;
  readonly warnings: readonly string[];
}

/** Pure. What was wished, as far as it is for the strategy that is taken: `auto` may take one that has no use for a port. */
export function fittingOptions(wished: Omit<MoveOptions, 'strategy'>, strategy: StrategyName): Fitting {
  const { pagePort, ...others } = wished;
  const options = { ...others, strategy };
  if (pagePort === undefined) return { options, warnings: [] };
  if (hasPageChannel(options)) return { options: { ...options, pagePort }, warnings: [] };
  return { options, warnings: [`--page-port ${pagePort} is not needed: ${strategy} sends no memory by a port of its own`] };
}
