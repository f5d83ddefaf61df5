import type { UprobeRecord } from '../evidence/records.ts';
import type { HostProgram } from './host-program.ts';
import type { PathProbe } from './path-probes.ts';

/** The path's functions in all programs of a host, numbered. */
export function uprobeRecords(
  programs: readonly (HostProgram & { readonly probes: readonly PathProbe[] })[],
): readonly UprobeRecord[] {
  let next = 0;
  return programs.flatMap(({ program, file, probes }) =>
    probes.map(({ name, code, places, why }) => {
      const number = places === null ? null : next++;
      return { program, file, name, code, number, entry: places?.entry ?? null, returns: places?.returns ?? [], why };
    }),
  );
}

/**
 * What the kernel is told (https://docs.kernel.org/trace/uprobetracer.html, "Synopsis of uprobe_tracer"): two events, each of many places, so that
 * they are taken away at once. The number says which function, and register 14 which goroutine: Go keeps its `g` there
 * (cmd/compile/abi-internal.md, "amd64 architecture", "Special-purpose registers"), the same until the call returns, on whatever thread.
 */
export function placeLines(records: readonly UprobeRecord[]): readonly string[] {
  return records.flatMap(({ file, number, entry, returns }) => {
    if (number === null || entry === null) return [];
    const place = (event: string, offset: number) =>
      `p:GROUP/${event} ${file}:0x${offset.toString(16)} n=\\${number}:u32 g=%r14:x64`;
    return [place('enter', entry), ...returns.map((offset) => place('leave', offset))];
  });
}
