import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { TransshipError } from '../error.ts';
import type { ClockReading } from '../evidence/manifest.ts';
import { offsetOf, type RoundTrip } from '../trace/round-trips.ts';
import { nowNs, nsPerMs } from '../trace/time.ts';
import type { Host } from './host.ts';
import { patient } from './patience.ts';

const roundTripsWanted = 40;
/** On a slow line, where the bound is wide anyway: so many, once they have taken this long. */
const fewTrips = 6;
const fewTripsMs = 2_000;
/** On a busy machine most trips wait for a processor: more of them are made while each set of them brings a shorter one, as long as that is quick. */
const mostTrips = 200;
const mostMs = 1_000;
const timeoutMs = 10_000;

// Answers each line with the time. bash does so without a fork (a microsecond's resolution, hence the three zeros);
// `date` is a fork inside the round trip. LC_ALL=C gives EPOCHREALTIME its point.
const clock = `if command -v bash >/dev/null; then
  exec bash -c 'while read -r line; do now=$EPOCHREALTIME; echo "\${now%.*}\${now#*.}000"; done'
else
  while read -r line; do date +%s%N; done
fi`;

/**
 * How far a host's clock is from ours, by 40 round trips; by more while that helps, by fewer over a slow line.
 * @throws TransshipError `not-ready` when the host gives no time within 10 s
 */
export async function measureClock(host: Host, when: ClockReading['when']): Promise<ClockReading> {
  const remote = host.spawn(clock);
  const timer = setTimeout(() => remote.kill(), patient(timeoutMs));
  const trips: RoundTrip[] = [];
  try {
    while (isTooFew(trips) || isWorthMore(trips)) {
      const sentNs = nowNs();
      remote.stdin.write('\n');
      const remoteNs = BigInt(await answer(remote.stdout));
      trips.push({ sentNs, remoteNs, gotNs: nowNs() });
    }
  } catch (cause) {
    remote.kill();
    const { stderr } = await remote.ended;
    const message = `${host.name}: its clock cannot be read (${stderr.trim() || (cause as Error).message})`;
    throw new TransshipError('not-ready', message, 'bash or GNU date gives the time in small steps: is one there?', { cause });
  } finally {
    clearTimeout(timer);
  }
  remote.stdin.end();
  await remote.ended;
  const { offsetNs, boundNs } = offsetOf(trips);
  const reading = { takenNs: String(nowNs()), offsetNs: String(offsetNs), boundNs: String(boundNs) };
  return { host: host.name, when, ...reading, roundTrips: trips.length };
}

/** Pure. */
export function isTooFew(trips: readonly RoundTrip[]): boolean {
  return trips.length < (tookNs(trips) > BigInt(fewTripsMs) * nsPerMs ? fewTrips : roundTripsWanted);
}

function tookNs(trips: readonly RoundTrip[]): bigint {
  return (trips.at(-1)?.gotNs ?? 0n) - (trips[0]?.sentNs ?? 0n);
}

/** Pure. Whether the shortest trip was among the latest, so that a shorter one may follow. */
export function isWorthMore(trips: readonly RoundTrip[]): boolean {
  if (trips.length === 0 || trips.length >= mostTrips || tookNs(trips) > BigInt(mostMs) * nsPerMs) return false;
  return offsetOf(trips).boundNs < offsetOf(trips.slice(0, -roundTripsWanted / 2)).boundNs;
}

/** One line of digits; there is only one request under way, so nothing follows it. */
async function answer(stdout: Readable): Promise<string> {
  const ended = new AbortController();
  const onEnd = () => ended.abort(new Error('it ended'));
  stdout.once('close', onEnd);
  try {
    for (let text = ''; ; ) {
      const [chunk] = (await once(stdout, 'data', { signal: ended.signal })) as [Buffer];
      text += chunk.toString();
      if (text.endsWith('\n')) return text.trim();
    }
  } finally {
    stdout.off('close', onEnd);
  }
}
