import { dumpPhases } from './dump-phases.ts';
import type { Phase } from './phase.ts';

/** Rows that a pre-dump has in its own form, or does not have. */
const ownOrNone = new Set([
  'criu.dump.prepare',
  'criu.dump.tasks',
  'criu.dump.task',
  'criu.dump.stat',
  'criu.dump.network-lock',
  'criu.dump.collect',
  'criu.dump.namespace-ids',
]);

// biome-ignore format: a table is read in rows
const own: readonly Phase[] = [
  { name: 'criu.pre-dump.prepare', begins: /^Enforcing memory tracking for pre-dump/, code: 'cr_pre_dump_tasks', level: 3, source: 'cr-dump.c cr_pre_dump_tasks: no header, no hooks, no network lock' },
  { name: 'criu.pre-dump.collect', after: 'criu.pre-dump.freeze', begins: /^Collected \d+ in \d state/, isLast: true, code: 'collect_namespaces', level: 3, source: 'namespaces.c' },
  { name: 'criu.pre-dump.tasks', begins: /^Pre-dumping task \(pid: \d+/, code: 'pre_dump_one_task', level: 3, source: 'cr-dump.c' },
  { name: 'criu.pre-dump.task', within: 'criu.pre-dump.tasks', begins: /^Pre-dumping task \(pid: (?<pid>\d+)(?: comm: (?<comm>.*))?\)$/, isRepeated: true, code: 'pre_dump_one_task', level: 3, source: 'cr-dump.c; comm since 3.18' },
  { name: 'criu.pre-dump.stat', within: 'criu.pre-dump.task', begins: /^Pre-dumping task \(pid: \d+/, code: 'parse_pid_stat', level: 3, source: 'proc_parse.c' },
  { name: 'criu.pre-dump.write', begins: /^Pre-dumping tasks' memory/, code: 'cr_pre_dump_finish', level: 3, source: 'cr-dump.c: pages are written while the tasks run' },
  { name: 'criu.pre-dump.write.pages', within: 'criu.pre-dump.write', isResumed: true, begins: /^\s*Pre-dumping \d+$/, bytes: 'written', code: 'page_xfer_dump_pages', level: 3, source: 'cr-dump.c, a task after another; = stats memwrite_time' },
  { name: 'criu.pre-dump.write.close', within: 'criu.pre-dump.write', isResumed: true, begins: /^(?:page-pipe: )?Killing page pipe/, code: 'destroy_page_pipe', level: 4, source: 'page-pipe.c' },
];

/** `criu pre-dump`: the dump's phases under its own name, as far as it has them. */
export const preDumpPhases: readonly Phase[] = [...dumpPhases.filter((phase) => !ownOrNone.has(phase.name)).map(renamed), ...own];

function renamed(phase: Phase): Phase {
  const rename = (name: string) => name.replace('criu.dump.', 'criu.pre-dump.');
  return {
    ...phase,
    name: rename(phase.name),
    ...(phase.within === undefined ? {} : { within: rename(phase.within) }),
    ...(phase.after === undefined ? {} : { after: rename(phase.after) }),
  };
}
