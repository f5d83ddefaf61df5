import { type CheckResult, ok, runChecks, warn } from './check.ts';
import { instructionsOf, levelOf } from './cpu-check.ts';
import { doctorChecks } from './doctor-checks.ts';
import type { Host } from './host.ts';
import { type Allowed, subjectOf } from './preflight.ts';

/** What `doctor` tells of hosts beside what `migrate` refuses. Touches nothing. */
export async function lookOver(hosts: readonly Host[], allowed: Allowed): Promise<readonly CheckResult[]> {
  const rows = await Promise.all(
    hosts.map(async (host) => await runChecks(doctorChecks, await subjectOf(host, null, allowed), host.name)),
  );
  return [...rows.flat(), ...(await processorRows(hosts))];
}

interface Processor {
  readonly host: string;
  readonly model: string;
  readonly instructions: readonly string[];
}

/** Processors side by side: what each has that another one lacks. */
async function processorRows(hosts: readonly Host[]): Promise<readonly CheckResult[]> {
  return compareProcessors(await Promise.all(hosts.map(processorOf)));
}

async function processorOf(host: Host): Promise<Processor> {
  const { architecture, cpus } = await host.facts();
  const { stdout } = await host.shell.run("sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo");
  const instructions = await instructionsOf(host, architecture);
  const level = architecture === 'x86_64' ? levelOf(instructions) : (architecture ?? 'of unknown architecture');
  const model = [stdout.trim(), `${cpus ?? '?'} cores`, level].filter((word) => word !== '').join(', ');
  return { host: host.name, model, instructions };
}

export function compareProcessors(processors: readonly Processor[]): readonly CheckResult[] {
  return processors.map(({ host, model, instructions }) => {
    const lacks = processors
      .map((other) => ({ host: other.host, missing: instructions.filter((one) => !other.instructions.includes(one)) }))
      .filter(({ missing }) => missing.length > 0);
    const found = `${model}, ${instructions.length} instruction sets`;
    const finding = lacks.length === 0 ? ok(found) : warn(`${found}; not on ${lacks.map(wordsOf).join('; not on ')}`);
    const why = 'a program that has found an instruction goes on using it, wherever it has moved';
    return { name: 'cpu', host, why, hint: 'move towards the processor that can more', ...finding };
  });
}

function wordsOf({ host, missing }: { readonly host: string; readonly missing: readonly string[] }): string {
  return `${host}: ${missing.join(' ')}`;
}
