import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../../test/destination-state.ts';

export interface Workload {
  /** `docker load`ed on both hosts. */
  readonly reference: string;
  readonly keys: number;
  readonly network: 'bridge' | 'host';
}

export const workloadName = 'web';
export const redisWords = '--enable-debug-command yes';
/** What DEBUG POPULATE is told of the values: with the keys' own bytes, 1,000,000 of them are 187 MB. */
const valueBytes = 96;

/** Redis with a ticker beside it, full of keys. */
export async function startWorkload(host: Host, { reference, keys, network }: Workload): Promise<void> {
  const place = network === 'host' ? '--network host' : '-p 6379:6379';
  await onHost(host, `docker run -d --name ${workloadName} ${place} -e TICKER=1 ${reference} ${redisWords}`);
  await populate(host, `docker exec ${workloadName} redis-cli`, keys);
}

/** @param client shell words that are a redis-cli for it */
export async function populate(host: Host, client: string, keys: number): Promise<void> {
  const wait = `for i in $(seq 100); do ${client} ping >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1`;
  await onHost(host, `(${wait}) && ${client} DEBUG POPULATE ${keys} key ${valueBytes}`);
}

/** @throws Error when not all of them have come */
export async function expectKeys(host: Host, client: string, keys: number): Promise<void> {
  const size = await onHost(host, `${client} DBSIZE`);
  if (Number(size) !== keys) throw new Error(`${host.name}: ${size} keys of ${keys}`);
}

export interface Gap {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The longest gap in the ticker's file that began after `sinceMs`. Both hosts share this machine's clock, so no offset is taken off.
 * @param file shell text that prints it
 */
export async function tickerGap(host: Host, file: string, sinceMs: number): Promise<Gap> {
  const text = await onHost(host, file);
  const gaps = text.split('\n').flatMap((line) => {
    const [startNs, endNs] = line.split(' ').map(Number);
    return startNs === undefined || endNs === undefined ? [] : [{ startMs: startNs / 1e6, endMs: endNs / 1e6 }];
  });
  const moved = gaps
    .filter(({ startMs }) => startMs > sinceMs)
    .sort((one, other) => other.endMs - other.startMs - (one.endMs - one.startMs));
  if (moved[0] === undefined) throw new Error(`${host.name}: the ticker saw no gap among ${gaps.length}`);
  return moved[0];
}
