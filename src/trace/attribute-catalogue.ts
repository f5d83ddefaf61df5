/** What a span's attribute is. */
export interface AttributeEntry {
  /** A `*` stands for any words: names that the evidence gives. */
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'any';
  /** `null`: it counts nothing. */
  readonly unit: 'µs' | 'pages' | 'bytes' | 'lines' | 'segments' | null;
  readonly meaning: string;
}

/** Every attribute that a span or an event of ours can have; docs/attributes.md is made from it, and a test finds what is missing. */
export const attributeCatalogue: readonly AttributeEntry[] = [
  {
    name: 'code.function.name',
    type: 'string',
    unit: null,
    meaning: "function of the layer's source that does it (OpenTelemetry)",
  },
  { name: 'container.id', type: 'string', unit: null, meaning: "the container's id on the source (OpenTelemetry)" },
  { name: 'container.name', type: 'string', unit: null, meaning: "the container's name (OpenTelemetry)" },
  {
    name: 'criu.dump.*_us',
    type: 'integer',
    unit: 'µs',
    meaning: 'time of phases of this name below the span that are summed up here instead of being spans',
  },
  {
    name: 'criu.dump_log',
    type: 'string',
    unit: null,
    meaning: 'on a restore: log of the dump it restores, where that is known',
  },
  { name: 'criu.dump_run_id', type: 'string', unit: null, meaning: 'on a restore: `criu.run_id` of the dump it restores' },
  { name: 'criu.failure.cause', type: 'string', unit: null, meaning: 'why CRIU failed, where that is known' },
  { name: 'criu.failure.hint', type: 'string', unit: null, meaning: 'what to do about it' },
  { name: 'criu.failure.line', type: 'integer', unit: null, meaning: 'line of the log that tells the failure' },
  { name: 'criu.failure.message', type: 'string', unit: null, meaning: "CRIU's first true error, in its own words" },
  { name: 'criu.hook', type: 'string', unit: null, meaning: 'which action scripts or notifications CRIU ran' },
  { name: 'criu.lazy-pages.*_us', type: 'integer', unit: 'µs', meaning: 'as `criu.dump.*_us`, in the lazy-pages daemon' },
  { name: 'criu.log.line', type: 'integer', unit: null, meaning: "line of CRIU's log at which the span or event begins" },
  { name: 'criu.log.lines', type: 'integer', unit: 'lines', meaning: 'lines of the whole log' },
  {
    name: 'criu.outcome',
    type: 'string',
    unit: null,
    meaning: '`ok`, `failed`, `truncated` or `unknown`, as far as the log tells',
  },
  { name: 'criu.page-server.*_us', type: 'integer', unit: 'µs', meaning: 'as `criu.dump.*_us`, in the page server' },
  { name: 'criu.parent_log', type: 'string', unit: null, meaning: 'on a dump: log of the pre-dump that it builds on' },
  { name: 'criu.pre-dump.*_us', type: 'integer', unit: 'µs', meaning: 'as `criu.dump.*_us`, in a pre-dump' },
  { name: 'criu.restore.*_us', type: 'integer', unit: 'µs', meaning: 'as `criu.dump.*_us`, in a restore' },
  { name: 'criu.run_id', type: 'string', unit: null, meaning: 'id that CRIU gives to its run (4.1 and later: a UUID)' },
  { name: 'criu.stats.freezing_time', type: 'integer', unit: 'µs', meaning: 'CRIU: until all tasks were frozen' },
  {
    name: 'criu.stats.frozen_time',
    type: 'integer',
    unit: 'µs',
    meaning: 'CRIU: from frozen to resumed or killed, on the source only; not the downtime',
  },
  { name: 'criu.stats.irmap_resolve', type: 'integer', unit: 'µs', meaning: 'CRIU: search for the paths of inotify watches' },
  { name: 'criu.stats.memdump_time', type: 'integer', unit: 'µs', meaning: "CRIU: dump of all tasks' memory" },
  {
    name: 'criu.stats.memwrite_time',
    type: 'integer',
    unit: 'µs',
    meaning: 'CRIU: writing of pages, part of memdump_time in a dump',
  },
  { name: 'criu.stats.page_pipe_bufs', type: 'integer', unit: 'segments', meaning: 'CRIU: buffers of the page pipes' },
  { name: 'criu.stats.page_pipes', type: 'integer', unit: 'segments', meaning: 'CRIU: page pipes' },
  {
    name: 'criu.stats.pages_compared',
    type: 'integer',
    unit: 'pages',
    meaning: 'CRIU: pages compared with a parent’s at the restore',
  },
  { name: 'criu.stats.pages_lazy', type: 'integer', unit: 'pages', meaning: 'CRIU: pages left for post-copy' },
  { name: 'criu.stats.pages_restored', type: 'integer', unit: 'pages', meaning: 'CRIU: pages restored' },
  { name: 'criu.stats.pages_scanned', type: 'integer', unit: 'pages', meaning: 'CRIU: pages looked at' },
  {
    name: 'criu.stats.pages_skipped_cow',
    type: 'integer',
    unit: 'pages',
    meaning: 'CRIU: pages that a child shares with its parent',
  },
  { name: 'criu.stats.pages_skipped_parent', type: 'integer', unit: 'pages', meaning: 'CRIU: pages that an earlier dump has' },
  { name: 'criu.stats.pages_written', type: 'integer', unit: 'pages', meaning: 'CRIU: pages written (of 4 KiB)' },
  {
    name: 'criu.stats.restore_time',
    type: 'integer',
    unit: 'µs',
    meaning: 'CRIU: restore until credentials are set, on the destination only; not the downtime',
  },
  { name: 'criu.stats.shpages_scanned', type: 'integer', unit: 'pages', meaning: 'CRIU: shared pages looked at' },
  {
    name: 'criu.stats.shpages_skipped_parent',
    type: 'integer',
    unit: 'pages',
    meaning: 'CRIU: shared pages that an earlier dump has',
  },
  { name: 'criu.stats.shpages_written', type: 'integer', unit: 'pages', meaning: 'CRIU: shared pages written' },
  { name: 'criu.system', type: 'string', unit: null, meaning: 'kernel and machine that CRIU ran on, as its log has them' },
  { name: 'criu.task.comm', type: 'string', unit: null, meaning: "the task's name, as the kernel has it" },
  { name: 'criu.version', type: 'string', unit: null, meaning: "CRIU's version" },
  { name: 'http.request.method', type: 'string', unit: null, meaning: 'of a call of the Docker API (OpenTelemetry)' },
  {
    name: 'http.response.status_code',
    type: 'integer',
    unit: null,
    meaning: 'of a call of the Docker API; missing when no answer came (OpenTelemetry)',
  },
  {
    name: 'log.file.path',
    type: 'string',
    unit: null,
    meaning: 'log that the span was read from, in the run’s folder or as it was imported (OpenTelemetry)',
  },
  { name: 'message', type: 'string', unit: null, meaning: 'on an event: the line of the log' },
  {
    name: 'migration.clock.uncertainty_us',
    type: 'number',
    unit: 'µs',
    meaning: 'how far the span may be off: its anchor’s bound and its host clock’s; of `downtime`, both ends together',
  },
  { name: 'migration.detail.*', type: 'any', unit: null, meaning: 'what a step noted down, under its own names' },
  {
    name: 'migration.downtime.marks',
    type: 'string',
    unit: null,
    meaning: 'what was taken for the last freeze and the first resume',
  },
  {
    name: 'migration.evidence',
    type: 'string',
    unit: null,
    meaning: 'how the span is known: `bounded`, `until-next` or `inferred`',
  },
  {
    name: 'migration.host',
    type: 'string',
    unit: null,
    meaning: 'short name of the host that a step, a call or a command acted on',
  },
  { name: 'migration.id', type: 'string', unit: null, meaning: "the run's name" },
  {
    name: 'migration.inferred.reason',
    type: 'string',
    unit: null,
    meaning: 'why nothing else can have happened between the two lines that enclose it',
  },
  {
    name: 'migration.iteration',
    type: 'integer',
    unit: null,
    meaning: 'which round of a pre-copy, from 1 on; the dump after them is none',
  },
  { name: 'migration.log.line', type: 'integer', unit: null, meaning: 'line of `log.file.path` at which the span begins' },
  {
    name: 'migration.outcome',
    type: 'string',
    unit: null,
    meaning: '`migrated`, `rolled-back`, `refused`, `halves-kept` or `lost`',
  },
  { name: 'migration.probe.resolution_us', type: 'number', unit: 'µs', meaning: 'how finely the probe looks' },
  {
    name: 'migration.probe.retransmits',
    type: 'integer',
    unit: 'segments',
    meaning: "TCP retransmissions on the probe's kept connection: one alone costs 200 ms",
  },
  { name: 'migration.probe.target', type: 'string', unit: null, meaning: 'what the probe asked' },
  { name: 'migration.role', type: 'string', unit: null, meaning: '`source` or `destination`' },
  { name: 'migration.step', type: 'string', unit: null, meaning: 'the step, as the journal names it' },
  { name: 'migration.strategy', type: 'string', unit: null, meaning: 'how state travels' },
  {
    name: 'process.command_line',
    type: 'string',
    unit: null,
    meaning: 'command that a step ran on a host, its first 400 characters (OpenTelemetry)',
  },
  { name: 'process.exit.code', type: 'integer', unit: null, meaning: 'of that command (OpenTelemetry)' },
  { name: 'process.pid', type: 'integer', unit: null, meaning: 'the task as the host sees it (OpenTelemetry)' },
  { name: 'process.vpid', type: 'integer', unit: null, meaning: 'the task as its container sees it (OpenTelemetry)' },
  { name: 'url.path', type: 'string', unit: null, meaning: 'path of a call of the Docker API, ids and all (OpenTelemetry)' },
  { name: 'url.template', type: 'string', unit: null, meaning: 'the same without ids (OpenTelemetry)' },
];

const patterns = attributeCatalogue.map(({ name }) => {
  const words = name.split('*').map((part) => part.replace(/[.]/g, '\\.'));
  return new RegExp(`^${words.join('.+')}$`);
});

export function isKnownAttribute(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}

/** The text of docs/attributes.md. */
export function attributeDocument(): string {
  const rows = attributeCatalogue.map(
    ({ name, type, unit, meaning }) => `| \`${name}\` | ${type} | ${unit ?? ''} | ${meaning} |`,
  );
  return `# Attributes of spans

Made from \`src/trace/attribute-catalogue.ts\`; a test compares the two, and finds attributes that are missing there.
Names are OpenTelemetry's where there are any, else \`migration.*\` (ours) and \`criu.*\` (statistics as CRIU spells them).

| attribute | type | unit | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
