import { differenceRules } from './difference-rules.ts';
import type { Inspect } from './inspect.ts';

export interface InspectDifference {
  /** `HostConfig.Memory`, `Mounts./data.Source` */
  readonly path: string;
  readonly source: unknown;
  readonly destination: unknown;
  /** Why they differ and may; null: they should not. */
  readonly explanation: string | null;
}

/** Compares `docker inspect` of both, field by field. Pure. Missing, null and empty are the same: Docker shows either. */
export function compareInspect(source: Inspect, destination: Inspect): readonly InspectDifference[] {
  const here = flatten(source);
  const there = flatten(destination);
  const paths = [...new Set([...here.keys(), ...there.keys()])].sort();
  return paths
    .filter((path) => JSON.stringify(here.get(path)) !== JSON.stringify(there.get(path)))
    .map((path) => {
      const values = { source: here.get(path) ?? null, destination: there.get(path) ?? null };
      return { path, ...values, explanation: explain(path, { ...values, from: source, to: destination }) };
    });
}

function explain(path: string, context: Parameters<(typeof differenceRules)[number]['why']>[0]): string | null {
  for (const rule of differenceRules) {
    const why = rule.path.test(path) ? rule.why(context) : null;
    if (why !== null) return why;
  }
  return null;
}

/** Leaves by their path. Lists of plain values stay whole; mounts go by their place, as their order means nothing. */
function flatten(value: unknown, path = '', into = new Map<string, unknown>()): Map<string, unknown> {
  if (value === null || value === undefined || value === '') return into;
  if (Array.isArray(value)) {
    if (value.length === 0) return into;
    if (path !== 'Mounts') return into.set(path, value);
    for (const mount of value) flatten(mount, `Mounts.${(mount as { Destination: string }).Destination}`, into);
    return into;
  }
  if (typeof value !== 'object') return into.set(path, value);
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into);
  return into;
}
