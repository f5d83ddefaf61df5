import { TransshipError } from '../error.ts';
import { sourceEventsFile, type UprobeRecord } from '../evidence/records.ts';
import type { Host } from '../hosts/host.ts';
import { hostFileSource, programsOn } from './host-program.ts';
import { type PathProbe, pathProbes } from './path-probes.ts';
import { uprobeRecords } from './place-lines.ts';

/** What was found in programs, by their identity: both hosts of a move mostly have the same. */
export type FoundProbes = Map<string, readonly PathProbe[]>;

/**
 * The places in a host's programs where the path's functions begin and end.
 * @throws TransshipError `not-ready`: a program is missing, is none of Go's for x86-64, or tells of its calls already
 */
export async function findUprobes(host: Host, found: FoundProbes): Promise<readonly UprobeRecord[]> {
  if ((await host.shell.run(`[ -e ${sourceEventsFile} ]`)).exitCode === 0) {
    const hint = `transship source install ${host.endpoint} --stock, then again`;
    throw new TransshipError(
      'not-ready',
      `${host.name}: no uprobes: its programs are instrumented, and tell of their calls`,
      hint,
    );
  }
  const programs = [];
  for (const each of await programsOn(host)) {
    const probes = found.get(each.identity) ?? (await pathProbes(each.program, hostFileSource(host, each.file)));
    found.set(each.identity, probes);
    programs.push({ ...each, probes });
  }
  return uprobeRecords(programs);
}
