import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../error.ts';
import type { UprobeRecord } from '../evidence/records.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import type { FoundProbes } from '../uprobes/find-uprobes.ts';
import { placeLines } from '../uprobes/place-lines.ts';
import { refuseForeignHost } from '../uprobes/test-hosts-only.ts';
import { hostFile } from '../wrap/host-files.ts';
import { type HostNoter, openNoter } from './host-noter.ts';

/** Where the host keeps the events until they are fetched. */
export const uprobesFolder = '/run/transship/uprobes';

/** The kernel notes who comes by at the path's functions, on one host. */
export interface Uprobes extends AsyncDisposable {
  readonly records: readonly UprobeRecord[];
  /** Has `uprobes.trace` put in the folder. */
  take(): Promise<void>;
}

export interface UprobesRequest {
  readonly containerId: string;
  readonly found: FoundProbes;
}

/** A machine of emulated instructions takes a minute to read its dockerd. */
const limitMs = 120_000;

/**
 * Places probes in dockerd, containerd, the shim and runc, as they are, until they are disposed of.
 * @throws TransshipError `not-ready`, and leaves nothing: it is no test host, a program cannot be probed, or the kernel refuses, with its words
 */
export async function openUprobes(host: Host, { containerId, found }: UprobesRequest): Promise<Uprobes> {
  refuseForeignHost(host.endpoint);
  const { findUprobes } = await import('../uprobes/find-uprobes.ts'); // a disassembler, which other moves do not need
  const records = await findUprobes(host, found);
  const noter = await openPlaces(host, containerId, placeLines(records));
  return { records, take: noter.take, [Symbol.asyncDispose]: () => noter[Symbol.asyncDispose]() };
}

/** @throws TransshipError `not-ready`: the kernel refuses one of the places, with its words, and has none of them */
export async function openPlaces(host: Host, containerId: string, lines: readonly string[]): Promise<HostNoter> {
  const script = hostFile('tracefs') + readFileSync(join(packageRoot(), 'src/uprobes/host/uprobes.sh'), 'utf8');
  const input = `${[...lines, 'end'].join('\n')}\n`;
  const noter = await openNoter(host, { what: 'probing', script, words: ['uprobes', containerId], input, limitMs });
  const why = noter.said.map((line) => /^no uprobes (.*)$/.exec(line)?.[1]).find((each) => each !== undefined);
  if (why === undefined) return noter;
  await noter[Symbol.asyncDispose]();
  throw new TransshipError('not-ready', `${host.name}: no uprobes: ${why}`, 'migrate without --probes');
}

export interface UprobesOfBoth extends AsyncDisposable {
  readonly source: Uprobes | null;
  readonly destination: Uprobes | null;
}

/** @throws as `openUprobes`; what was placed on the one host is taken away when the other refuses */
export async function openBothUprobes(source: Host, destination: Host, request: UprobesRequest | null): Promise<UprobesOfBoth> {
  if (request === null) return { source: null, destination: null, [Symbol.asyncDispose]: async () => {} };
  const first = await openUprobes(source, request);
  const second = await openUprobes(destination, request).catch(async (error) => {
    await first[Symbol.asyncDispose]();
    throw error;
  });
  return {
    source: first,
    destination: second,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]);
    },
  };
}
