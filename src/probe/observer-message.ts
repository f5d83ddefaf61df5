import type { ProbeReading } from '../evidence/manifest.ts';
import type { ProbeRecord } from '../evidence/records.ts';
import type { Target } from './probe-socket.ts';
import type { ProtocolName } from './protocol.ts';

/** What the observer's process is told, by its first argument. */
export interface ProbeConfig {
  /** The source's address, then the destination's. */
  readonly targets: readonly Target[];
  readonly protocol: ProtocolName;
}

/** The lines that it writes. */
export type ProbeMessage =
  | { readonly event: 'answer'; readonly probe: 'requests' | 'connection'; readonly target: string }
  | { readonly event: 'record'; readonly record: ProbeRecord }
  | { readonly event: 'summary'; readonly readings: readonly ProbeReading[] };

/** Our own words, so only what a hand-typed call gets wrong is checked. @throws Error that says how it is called. */
export function parseConfig(text: string): ProbeConfig {
  const config = parsed(text);
  const isGood = Array.isArray(config?.targets) && ['redis', 'http', 'tcp'].includes(config.protocol);
  if (config === null || !isGood)
    throw new Error('expected {"targets":[{"address":"10.0.0.1","port":6379}],"protocol":"redis|http|tcp"}');
  return config;
}

function parsed(text: string): ProbeConfig | null {
  try {
    return JSON.parse(text) as ProbeConfig;
  } catch {
    return null; // the error that follows shows what was expected
  }
}
