import type { Host } from '../../hosts/host.ts';
import { openRoute } from '../whole/route.ts';
import { type Features, readFeatures } from './features.ts';
import { readLinkSpeed } from './link-speed.ts';
import { type Memory, pidsOf, readMemory } from './memory.ts';
import { readWrites, type Writes } from './write-rate.ts';

/** What a strategy is chosen by, and predicted from. Null is unknown. */
export interface Facts {
  readonly memory: Memory | null;
  readonly source: Features;
  readonly destination: Features;
  /** By ssh, from host to host; null also when they don't reach each other. */
  readonly linkBytesPerS: number | null;
  readonly arePagesPlain: boolean;
  /** Looked for only when `auto` is about to move the container. */
  readonly writes: Writes | null;
}

export interface FactsRequest {
  readonly source: Host;
  readonly destination: Host;
  readonly containerId: string;
  readonly arePagesPlain: boolean;
  /** Clears the soft-dirty bits of the container's pages. */
  readonly looksAtWrites: boolean;
}

/** Reads only, but for `looksAtWrites`. It takes about a second, and a probe of the link for a third of one. */
export async function readFacts({ source, destination, containerId, ...wish }: FactsRequest): Promise<Facts> {
  await using route = await openRoute({ source, destination });
  const pids = await pidsOf(source, containerId);
  const [memory, from, to] = await Promise.all([readMemory(source, pids), readFeatures(source), readFeatures(destination)]);
  const linkBytesPerS = await readLinkSpeed(route).catch(() => null);
  const writes = wish.looksAtWrites && from.hasSoftDirty ? await readWrites(source, pids, memory) : null;
  return { memory, source: from, destination: to, linkBytesPerS, arePagesPlain: wish.arePagesPlain, writes };
}
