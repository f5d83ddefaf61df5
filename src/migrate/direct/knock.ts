import { TransshipError } from '../../error.ts';
import type { Host, ShellResult } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { patient } from '../../hosts/patience.ts';
import { hostFile } from '../../wrap/host-files.ts';
import type { MoveOptions } from '../plan.ts';
import type { Way } from '../whole/route.ts';
import { findChannel, pagePorts } from './channel.ts';
import { type DirectKind, type DirectState, isByFile, isLazy } from './state.ts';

/** The kernel sends what got no answer again after 1 and 3 s. */
const limitMs = 5_000;

/**
 * Whether the way is open that CRIU will take while the container stands still: from the same host, to the same address and port.
 * @throws TransshipError `not-ready` with the rule that is missing
 */
export async function knock(
  { source, destination }: Pick<Way, 'source' | 'destination'>,
  { channel, kind }: { readonly channel: DirectState['channel']; readonly kind: DirectKind },
): Promise<void> {
  if (isByFile(kind)) return;
  const [listener, caller] = isLazy(kind) ? [source, destination] : [destination, source];
  const address = isLazy(kind) ? channel.source : channel.destination;
  const limitS = Math.ceil(patient(limitMs) / 1e3);
  const place = `${quoteWord(address)} ${channel.port}`;
  // each ends by itself: the one that listens last, so that it is there as long as somebody knocks
  const both = await Promise.allSettled([
    play(listener, `listen ${place} ${limitS + 1}`),
    play(caller, `connect ${place} ${limitS}`),
  ]);
  const [listened, called] = both.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  if (isNotRun(listened)) throw noPerl(listener, listened);
  if (isNotRun(called)) throw noPerl(caller, called);
  const at = `${address} port ${channel.port}`;
  if (listened?.exitCode !== 0 && listened?.exitCode !== 1) throw noListener(listener, at, listened);
  if (called?.exitCode !== 0) throw closedWay(caller, listener, { at, address, said: reasonOf(called) });
}

/**
 * Before anything is copied, which may take hours; `stage` does it again.
 * @returns null for Docker's own path, which has none
 * @throws TransshipError `not-ready`
 */
export async function tryChannel(
  way: Way,
  { strategy, pagePort }: Pick<MoveOptions, 'strategy' | 'pagePort'>,
): Promise<DirectState['channel'] | null> {
  if (strategy === 'docker') return null;
  const channel = await findChannel(way, strategy, { wished: pagePort });
  await knock(way, { channel, kind: strategy });
  return channel;
}

/** The program goes by standard input: what is recorded is one line. */
async function play(host: Host, words: string): Promise<ShellResult> {
  return await host.shell.run(`perl - ${words}`, { stdin: hostFile('knock') });
}

/** The shell's words for a program that is not there, or may not be run. */
function isNotRun(said: ShellResult | undefined): boolean {
  return said?.exitCode === 126 || said?.exitCode === 127;
}

function noPerl({ name }: Host, said: ShellResult | undefined): TransshipError {
  return new TransshipError(
    'not-ready',
    `${name}: the way by which the memory would go cannot be tried without perl: ${reasonOf(said)}`,
    'install it there: apt-get install perl-base',
  );
}

function noListener({ name }: Host, at: string, said: ShellResult | undefined): TransshipError {
  return new TransshipError(
    'not-ready',
    `${name}: nobody can listen at ${at}, by which the memory would go: ${reasonOf(said)}`,
    `the address by which ssh gets from host to host has to be one of ${name}'s own, and the port free (--page-port PORT takes another); or --strategy cold, whose images go by ssh`,
  );
}

interface Closed {
  readonly at: string;
  readonly address: string;
  readonly said: string;
}

function closedWay(caller: Host, listener: Host, { at, address, said }: Closed): TransshipError {
  const ports = `${pagePorts.first}-${pagePorts.last}`;
  return new TransshipError(
    'not-ready',
    `${caller.name} does not get through to ${listener.name} by tcp at ${at}, by which the memory would go: ${said}`,
    `a firewall? Let ${caller.name} in to ${address} of ${listener.name} by tcp, ports ${ports}, or the one that --page-port PORT names; or --strategy cold, whose images go by ssh`,
  );
}

function reasonOf(said: ShellResult | undefined): string {
  return said?.stderr.trim().split('\n').at(-1) || 'no reason given';
}
