import type { Us } from './time.ts';

/** What a run itself tells of what its downtime could do without. */
export interface SavingRule {
  readonly name: string;
  /** What to do about it. */
  readonly advice: string;
  /** Operations that would not be on the critical path of the downtime. */
  readonly operations: readonly string[];
  /** Only spans with this attribute. */
  readonly having?: { readonly attribute: string; readonly value: string };
  /** Only in runs of these strategies, or in all but these; logs that were imported have none. */
  readonly only?: readonly string[];
  readonly notIn?: readonly string[];
  /** A span that is shorter is not such a case. */
  readonly fromUs?: Us;
  /** What of each span would remain. */
  readonly remainsUs?: Us;
  /** Only whole steps of this length count: what is slept in a poll. */
  readonly stepUs?: Us;
  /** The container stands still in them already, though the traced downtime begins at their end. */
  readonly isBeforeDowntime?: true;
  /** Not the spans' time counts but their log's lines, at so much each. */
  readonly usPerLine?: Us;
  /** Why it is so, and where that was read or measured. */
  readonly source: string;
}

const ms = 1_000;

/**
 * A closed list, each with its source; the saving is computed from the run's own spans. Rules of one strategy's add up; `log-level`
 * counts time that lies in the others, too.
 */
export const savingRules: readonly SavingRule[] = [
  {
    name: 'content-store',
    advice: 'a strategy past Docker’s content store: --strategy diskless (cold, post-copy)',
    operations: [
      'containerd.checkpoint.pack',
      'dockerd.checkpoint.write-index',
      'dockerd.checkpoint.unpack',
      'dockerd.start.content-store',
    ],
    source:
      'dockerd packs and unpacks the images on either side: libcontainerd/remote (*task).CreateCheckpoint, (*container).NewTask; runc alone needs none of it (docs/past-the-content-store.md)',
  },
  {
    name: 'memory',
    advice: '--strategy post-copy: memory follows after the resume (its price: docs/choosing-a-strategy.md)',
    operations: ['criu.dump.memory.write', 'criu.restore.pages'],
    notIn: ['post-copy', 'hybrid'],
    source: 'with lazy pages CRIU leaves the pages where they are: criu/cr-dump.c cr_lazy_mem_dump, criu/uffd.c',
  },
  {
    name: 'image-copy',
    advice: '--strategy post-copy: what is left of the images goes through a channel that is open before the freeze',
    operations: ['migration.transfer.copy-images'],
    remainsUs: 15 * ms,
    source:
      'dump.send … runtime.restore of post-copy: 3-15 ms (src/migrate/choice/costs.ts); diskless has the time of the transfer in its dump',
  },
  {
    name: 'cold-destination',
    advice: 'a destination that is started before the freeze: --strategy diskless (cold, post-copy)',
    operations: ['dockerd.start.network', 'containerd.start.create-task'],
    only: ['docker'],
    source:
      'docker start does it after the images are there; our runtime’s create waits for them with all of it done (docs/past-the-content-store.md)',
  },
  {
    name: 'network-hook',
    advice:
      'the network set up before the freeze: --strategy diskless (cold, post-copy), where docs/past-the-content-store.md says; Docker 28 has no such hook',
    operations: ['criu.restore.hook', 'runc.notify.setup-namespaces'],
    having: { attribute: 'criu.hook', value: 'setup-namespaces' },
    fromUs: 20 * ms,
    remainsUs: 12 * ms,
    source:
      "runc runs Docker’s prestart hook (libnetwork-setkey: dockerd started once more) in this notification: libcontainer criuNotifications; the notification alone takes 0.5-1 ms, and the first task's move into its cgroup, 7-11 ms, stands in the same stretch of the log",
  },
  {
    name: 'iptables-lock',
    advice:
      'network-lock nftables in /etc/criu/runc.conf on both hosts (our own strategies lock by it, or not at all, for the move); CRIU must be built with it',
    operations: ['criu.dump.network-lock', 'criu.dump.network-unlock', 'criu.restore.network-unlock'],
    fromUs: 25 * ms,
    remainsUs: 15 * ms,
    source:
      'criu/net.c iptables_restore is started 4-6 times, 51-87 ms; nftables_network_unlock starts nothing: 1-16 ms with what runc does in the notification (test/recorded/runs/redis-diskless)',
  },
  {
    name: 'freezer-poll',
    advice: 'a cgroup that is frozen before CRIU looks: docker pause, runc pause (our own strategies do)',
    operations: ['criu.dump.freeze.cgroup', 'criu.dump.freeze'],
    fromUs: 100 * ms,
    stepUs: 100 * ms,
    isBeforeDowntime: true,
    source:
      'criu/seize.c freeze_processes: step_ms = 100; it writes the state, then sleeps, before it looks whether all are frozen',
  },
  {
    name: 'page-server-end',
    advice:
      'a connection without its cork (our own strategies take it out, src/wrap/host/uncork.sh), or no page server in the freeze: --strategy post-copy, pre-copy',
    operations: ['criu.dump.disconnect'],
    fromUs: 20 * ms,
    remainsUs: 1 * ms,
    source:
      'criu/page-xfer.c: the socket is corked (tcp_cork), so that the closing message waits for the kernel’s timer, 200 ms (tcp(7), TCP_CORK)',
  },
  {
    name: 'cold-kdat',
    advice: 'criu check once after boot, which leaves /run/criu.kdat',
    operations: ['criu.dump.init', 'criu.restore.init'],
    fromUs: 10 * ms,
    remainsUs: 1 * ms,
    source: 'criu/kerndat.c kerndat_try_load_cache: 0.7 ms with the cache, 28-40 ms without',
  },
  {
    name: 'log-level',
    advice:
      'criu -v2, which leaves no phase in the log; runc always asks for -v4, and that stands above runc.conf (criu/cr-service.c setup_logging_from_req)',
    operations: ['criu.dump', 'criu.restore'],
    usPerLine: 1,
    source:
      'criu/log.c: each line is a write(2), with its time; 1 µs a line where the same dump took 10.1 ms at -v2 and 10.9 ms at -v4 (774 lines more); 2-5 µs on a busy machine',
  },
];
