interface EventEntry {
  /** A `*` stands for any words: names that the evidence gives. */
  readonly name: string;
  readonly meaning: string;
  readonly source: string;
}

/** Every event (a log of a span, in Jaeger's words). */
export const eventCatalogue: readonly EventEntry[] = [
  { name: 'criu.error', meaning: 'a line that CRIU marks as an error', source: 'criu/log.c pr_err' },
  {
    name: 'criu.message',
    meaning: 'a line without a mark that is known to tell of a failure',
    source: 'src/layers/criu/known-failures.ts',
  },
  { name: 'criu.warn', meaning: 'a line that CRIU marks as a warning', source: 'criu/log.c pr_warn' },
  { name: 'docker.*', meaning: "one of Docker's own events, type and action", source: 'events.jsonl' },
  { name: 'migration.*.note', meaning: 'something that happened while the step went on', source: 'journal.jsonl' },
];
