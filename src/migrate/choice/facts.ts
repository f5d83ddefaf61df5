import type { Host } from '../../hosts/host.ts';
import { openRoute } from '../whole/route.ts';
import { type Features, readFeatures } from './features.ts';
import { readLinkSpeed } from './link-speed.ts';
import { type Memory, readMemory } from './memory.ts';

/** What a strategy is chosen by, and predicted from. Null is unknown. */
export interface Facts {
  readonly memory: Memory | null;
  readonly source: Features;
  readonly destination: Features;
  /** By ssh, from host to host; null also when they don't reach each other. */
  readonly linkBytesPerS: number | null;
  readonly arePagesPlain: boolean;
}

export interface FactsRequest {
  readonly source: Host;
  readonly destination: Host;
  readonly containerId: string;
  readonly arePagesPlain: boolean;
}

/** Reads only. It takes about a second, and a probe of the link for a third of one. */
export async function readFacts({ source, destination, containerId, arePagesPlain }: FactsRequest): Promise<Facts> {
  await using route = await openRoute({ source, destination });
  const [memory, from, to] = await Promise.all([
    readMemory(source, containerId),
    readFeatures(source),
    readFeatures(destination),
  ]);
  return { memory, source: from, destination: to, linkBytesPerS: await readLinkSpeed(route).catch(() => null), arePagesPlain };
}
