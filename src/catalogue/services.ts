import type { Service } from '../trace/layer-spans.ts';

interface ServiceEntry {
  readonly meaning: string;
  /** What its spans are read from. */
  readonly source: string;
}

/** The layers, one OpenTelemetry `service.name` each, from the top down. A layer that none of our sources speaks of is not listed. */
export const serviceCatalogue: Readonly<Record<Service, ServiceEntry>> = {
  transship: {
    meaning: 'our own steps, calls and scripts; the probes, the downtime, and what is unexplained',
    source: 'journal.jsonl, api.jsonl, commands.jsonl, processes.jsonl, marks.log, run.json',
  },
  dockerd: {
    meaning:
      "Docker's daemon: requests, and the parts of them that its log encloses; its functions, where they are instrumented or probed",
    source: 'dockerd.log, events.jsonl, source.jsonl, uprobes.trace',
  },
  containerd: {
    meaning: 'what dockerd has containerd do; its functions, where they are instrumented or probed',
    source: 'dockerd.log, which holds the log of its containerd, too; source.jsonl, uprobes.trace',
  },
  'containerd-shim': {
    meaning:
      'the shim that containerd starts for each container, from start to end; its functions and those of go-runc, where they are instrumented or probed',
    source: 'kernel.trace, wrap.jsonl, source.jsonl, uprobes.trace',
  },
  runc: {
    meaning:
      'runc from its start to its end, the CRIUs that it calls, and what it does while CRIU waits for it; its functions, where it is instrumented or probed',
    source:
      "kernel.trace, wrap.jsonl, marks.log, source.jsonl, uprobes.trace; CRIU's logs, which say when it tells runc something",
  },
  criu: {
    meaning: 'CRIU: dump, pre-dump, restore, phase by phase',
    source: 'dump.log, pre-dump.log, restore.log, stats-dump, stats-restore',
  },
  'criu-page-server': { meaning: 'CRIU taking in pages for a dump on another host', source: 'page-server.log' },
  'criu-lazy-pages': { meaning: 'CRIU fetching pages after the restore', source: 'lazy-pages.log' },
};
