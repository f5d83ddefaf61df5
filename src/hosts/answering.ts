import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { TransshipError } from '../error.ts';
import type { Host } from './host.ts';
import { patient } from './patience.ts';

/** What is over sooner is not looked after: a look would be one more call in what is measured. */
const firstLookMs = 5_000;
const betweenLooksMs = 2_000;
/** As long as an ssh takes to notice that nobody answers (whole/route.ts). */
const silenceLimitMs = 15_000;
const pingLimitMs = 3_000;

/** `silence`: it stands still, or its host is overloaded. `error`: nobody is there. */
type Ping = 'answer' | 'silence' | 'error';

/** Does dockerd answer at all? `_ping` takes no lock, so whoever works on a long call answers it all the same (moby, api/server/router/system). */
export async function ping(docker: Dockerode, limitMs = pingLimitMs): Promise<Ping> {
  const abortSignal = AbortSignal.timeout(patient(limitMs));
  try {
    // @types/dockerode knows no options of ping.
    await (docker.ping as (options: { abortSignal: AbortSignal }) => Promise<unknown>).call(docker, { abortSignal });
    return 'answer';
  } catch {
    return abortSignal.aborted ? 'silence' : 'error';
  }
}

/**
 * Waits for a call of Docker's that may take long, as long as dockerd answers others. One that stands still (SIGSTOP, a disk that does not come back)
 * keeps its socket open, and would be waited for as long as the longest call may take.
 * @throws TransshipError `failed` when it has answered nobody for 15 s. What was asked for may still happen when it goes on: the caller's undo must cope
 */
export async function whileAnswering<T>(host: Host, called: Promise<T>): Promise<T> {
  let hasEnded = false;
  const ended = called.finally(() => {
    hasEnded = true;
  });
  const silence = async (): Promise<never> => {
    await sleep(patient(firstLookMs), undefined, { ref: false });
    for (let heardMs = performance.now(); !hasEnded; await sleep(betweenLooksMs, undefined, { ref: false })) {
      if ((await ping(host.docker)) !== 'silence') heardMs = performance.now();
      else if (performance.now() - heardMs > patient(silenceLimitMs)) throw silent(host);
    }
    return await new Promise<never>(() => {});
  };
  return await Promise.race([ended, silence()]);
}

function silent(host: Host): TransshipError {
  return new TransshipError(
    'failed',
    `dockerd on ${host.name} stands still: it has answered nobody for ${patient(silenceLimitMs) / 1e3} s`,
    `look on ${host.name}: ps -o stat,wchan -p $(pidof dockerd); what it was asked for it may still do when it goes on`,
  );
}
