import { TransshipError } from '../error.ts';
import { type Ns, nsPerS } from '../trace/time.ts';

/** `--at`: when a log begins, by the user's word. The truth is within `boundNs` of `zeroNs`. */
export interface LogStart {
  /** As the user names the log; `null`: the only one. */
  readonly file: string | null;
  readonly zeroNs: Ns;
  readonly boundNs: Ns;
}

const hint = 'a time with its zone, as in --at 2026-11-23T22:22:51.348Z, or --at dump.log=TIME where there are several logs';

/** `[FILE=]TIME`; the last digit that is given says how exact it is. @throws TransshipError `usage` */
export function parseLogStart(text: string): LogStart {
  const [, file = null, time = ''] = /^(?:(.+)=)?([^=]+)$/.exec(text) ?? [];
  const [, whole, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/i.exec(time) ?? [];
  const ms =
    whole === undefined
      ? Number.NaN
      : Date.parse(`${whole.replace(' ', 'T')}${(zone as string).toUpperCase().replace(/(\d\d)(\d\d)$/, '$1:$2')}`);
  if (Number.isNaN(ms)) throw new TransshipError('usage', `--at ${text}: no time`, hint);
  const unitNs = nsPerS / 10n ** BigInt(fraction.length);
  const zeroNs = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return { file, zeroNs: zeroNs + unitNs / 2n, boundNs: unitNs / 2n };
}

/** Which log each start is of. @throws TransshipError `usage` when one fits none, or more than one */
export function startsOf(starts: readonly LogStart[], logs: readonly string[]): ReadonlyMap<string, LogStart> {
  const found = new Map<string, LogStart>();
  for (const start of starts) {
    const { file } = start;
    const fitting = logs.filter((log) => file === null || log === file || log.endsWith(`/${file}`));
    const [only] = fitting;
    if (only === undefined || fitting.length > 1) {
      const what = file === null ? `which of ${fitting.length} logs` : `'${file}' names ${fitting.length} logs`;
      throw new TransshipError('usage', `--at: ${what}`, hint);
    }
    found.set(only, start);
  }
  return found;
}
