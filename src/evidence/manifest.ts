import { z } from 'zod';

/** Nanoseconds travel as decimal strings, since they exceed 2^53. */
const ns = z.string().regex(/^-?\d+$/, 'nanoseconds as a decimal string');
const bytes = z.number().nonnegative().nullable();

const hostFacts = z.object({
  name: z.string(),
  endpoint: z.string(),
  hostname: z.string().nullable(),
  kernel: z.string().nullable(),
  architecture: z.string().nullable(),
  os: z.string().nullable(),
  cpus: z.number().nullable(),
  memoryBytes: bytes,
  cgroupVersion: z.string().nullable(),
  versions: z.object({
    docker: z.string().nullable(),
    containerd: z.string().nullable(),
    runc: z.string().nullable(),
    criu: z.string().nullable(),
  }),
});

/** `offsetNs`: the host's clock minus the controller's; the truth lies within `boundNs` of it. */
const clockReading = z.object({
  host: z.string(),
  when: z.enum(['before', 'after']),
  takenNs: ns,
  offsetNs: ns,
  boundNs: ns,
  roundTrips: z.number(),
});

const outcomes = ['migrated', 'rolled-back', 'refused', 'halves-kept', 'lost'] as const;

/** One probe's reading. `gapUs`: longest time without an answer (or tick); null when it saw no end of it. */
const probeReading = z.object({
  kind: z.enum(['ticker', 'requests', 'connection']),
  target: z.string().nullable(),
  gapUs: z.number().nullable(),
  gapStartNs: ns.nullable(),
  gapEndNs: ns.nullable(),
  resolutionUs: z.number(),
  retransmits: z.number().nullable(),
  note: z.string().nullable(),
});

const interval = z.object({ low: z.number(), likely: z.number(), high: z.number() });

/** What was expected of every strategy before the move; null where a fact was missing. */
const prediction = z.object({
  strategy: z.string(),
  downtimeUs: interval.nullable(),
  bytes: interval.nullable(),
});

/** What is known to be left of the container on a host where it does not run. */
const remnant = z.object({ host: z.string(), what: z.string() });

/** After `lost`: how the container stood on a host. `status` in runc's or Docker's word, null when nobody there could tell. */
const lastSeen = z.object({
  host: z.string(),
  id: z.string(),
  status: z.string().nullable(),
  /** Its memory, where Docker keeps it; null: none is there, or nobody could look. */
  checkpoint: z.object({ name: z.string(), folder: z.string() }).nullable(),
});

/** `run.json`: checked once when a run is opened, trusted inside. */
export const manifestSchema = z.object({
  schema: z.literal('transship.run/1'),
  run: z.string(),
  kind: z.enum(['migration', 'import']),
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  transship: z.string(),
  createdNs: ns,
  endedNs: ns.nullable(),
  strategy: z.string().nullable(),
  container: z
    .object({
      name: z.string(),
      image: z.string().nullable(),
      sourceId: z.string().nullable(),
      destinationId: z.string().nullable(),
    })
    .nullable(),
  hosts: z.object({ source: hostFacts.nullable(), destination: hostFacts.nullable() }),
  clocks: z.array(clockReading),
  outcome: z.enum(outcomes).nullable(),
  error: z.object({ step: z.string().nullable(), code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  warnings: z.array(z.string()),
  remains: z.array(remnant).optional(),
  lastSeen: z.object({ source: lastSeen, destination: lastSeen.nullable() }).optional(),
  /** After `halves-kept` and `lost`: the folder of the move, of one name on both hosts, with what the way back needs. Docker's own path has none. */
  stage: z.string().optional(),
  /** After `lost`: what gives the source the link back that was cut, where it is no part of such a folder. */
  linkUp: z.string().optional(),
  /** After `halves-kept`: what has not come can come no more, and the one way is back to the freeze. */
  isMemoryLost: z.boolean().optional(),
  probes: z.array(probeReading),
  bytes: z.object({ images: bytes, pages: bytes, layer: bytes, volumes: bytes }),
  /** Runs from before there were predictions have none. */
  predicted: z.array(prediction).optional(),
  /** Why `auto` took the strategy; null where the user chose it. */
  chosenWhy: z.string().nullable().optional(),
  downtimeLimitUs: z.number().nullable().optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Remnant = z.infer<typeof remnant>;
export type LastSeen = z.infer<typeof lastSeen>;
export type HostFacts = z.infer<typeof hostFacts>;
export type ClockReading = z.infer<typeof clockReading>;
export type PredictedDowntime = z.infer<typeof prediction>;
export type ProbeReading = z.infer<typeof probeReading>;
