import type { LogKind } from './phase.ts';

/** Lines that only one kind of log has, the surest kind first: `Reading image tree` and the like stand in several. */
export const kindMarkers: readonly { readonly kind: LogKind; readonly text: RegExp }[] = [
  { kind: 'pre-dump', text: /^Enforcing memory tracking for pre-dump|^Pre-dumping /i },
  { kind: 'page-server', text: /^Starting page server on port/ },
  { kind: 'lazy-pages', text: /^uffd: Waiting for incoming connections|^uffd: Received PID: / },
  { kind: 'restore', text: /^Dump CRIU run id|^Will restore in |^Forking task with \d|^Restoring FAILED|^Restore finished succ/ },
  { kind: 'dump', text: /^Dumping processes \(pid|^Dumping task \(pid|^Dumping FAILED|^Dumping finished succ/ },
];

/** How a log ends, where it says so. A page server's last words are those of its one session; a lazy daemon has none. */
export const endMarkers = {
  ok: /^(?:Pre-dumping|Dumping|Restore) finished successfully|^(?:page-xfer: )?Session over/,
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
