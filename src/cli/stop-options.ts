import { InvalidArgumentError, Option } from 'commander';
import { type StopLimits, stopLimits } from '../migrate/direct/stop-rule.ts';

/** The option of one limit; its help says the reason. */
export function stopOption(name: keyof StopLimits): Option {
  const limit = stopLimits.find((each) => each.name === name);
  if (limit === undefined) throw new Error(`no limit ${name}`);
  const { flags, about, reason, least, isWhole } = limit;
  return new Option(flags, `${about} (default: ${limit.default}; ${reason})`).argParser((text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && (!isWhole || Number.isSafeInteger(value))) return value;
    throw new InvalidArgumentError(`It takes a ${isWhole ? 'whole ' : ''}number from ${least} on.`);
  });
}

/** Those that were given. */
export function stopLimitsOf(options: Partial<StopLimits>): Partial<StopLimits> {
  return Object.fromEntries(stopLimits.flatMap(({ name }) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
