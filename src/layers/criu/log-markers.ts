import type { LogKind } from './phase.ts';

/** Lines that tell the kind of a log; where several are found the first row counts. `Reading image tree` and the like stand in several kinds. */
export const kindMarkers: readonly { readonly kind: LogKind; readonly text: RegExp }[] = [
  { kind: 'pre-dump', text: /^Enforcing memory tracking for pre-dump|^Pre-dumping / },
  { kind: 'dump', text: /^Dumping processes \(pid|^Dumping task \(pid|^Dumping FAILED|^Dumping finished succ/ },
  { kind: 'lazy-pages', text: /^uffd: Waiting for incoming connections|^uffd: Received PID: / },
  { kind: 'restore', text: /^Dump CRIU run id|^Will restore in |^Forking task with \d|^Restoring FAILED|^Restore finished succ/ },
  { kind: 'page-server', text: /^Starting page server on port/ }, // last: a lazy dump starts one inside
];

/** How a log ends, where it says so. */
export const endMarkers = {
  ok: /^(?:Pre-dumping|Dumping|Restore) finished successfully/,
  /** A page server's last words; a dump that served pages goes on after them. */
  served: /^(?:page-xfer: )?Session over/,
  /** A lazy-pages daemon has a task's pages, and has handed them all on; it says so of each task. */
  handed: /^uffd: Received PID: \d+/,
  delivered: /^uffd: \d+-\d+: UFFD transferred pages: \((\d+)\/(\d+)\)/,
  failed: /^(?:Pre-dumping|Dumping|Restoring) FAILED/,
} as const;

/** Facts about the run of CRIU. The last run id counts: in RPC mode there are two (the first is of `criu swrk` itself). */
export const factMarkers = {
  version: /^Version: (\S+)/,
  system: /^Running on (\S+ Linux \S+)/,
  runId: /^CRIU run id = (\S+)/,
  dumpRunId: /^Dump CRIU run id = (\S+)/,
} as const;

/** Written by the new task, in its parent's lane (cr-restore.c). */
export const pidPair = /^PID: real (\d+) virt (\d+)/;

/** The task that was named on the command line, by its real pid; in a pre-dump it comes first. */
export const rootLine = /^(?:Dumping processes|Dumping task|Pre-dumping task) \(pid: (\d+)/;

/** A dump's list of processes, `virtual(real)`; a restore's forks. */
export const processLine = /^Process: (\d+)\(\d+\)|^Forking task with (\d+) pid/;

/** The first steps of a failed dump's way back (cr-dump.c cr_dump_finish), and the end of a failed restore. */
export const givingUp = /^(?:net: )?Unlock network|^Unfreezing tasks into 1|^(?:Pre-dumping|Dumping|Restoring) FAILED/;
