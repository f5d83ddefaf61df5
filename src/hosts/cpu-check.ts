import { type Check, fail, ok, type PairSubject, warn } from './check.ts';
import type { Host } from './host.ts';

/**
 * Flags of /proc/cpuinfo on x86 that are instructions, or registers, for any program (arch/x86/include/asm/cpufeatures.h); the others tell of the
 * kernel's own use, of errata and of virtualisation. A program has asked for them when it was started, and does not ask again.
 */
const instructions =
  /^(fpu|cx8|cx16|cmov|mmx\w*|3dnow\w*|fxsr\w*|s?sse\w*|ssse3|pni|avx\w*|amx\w*|fma4?|f16c|xop|tbm|v?aes|v?pclmulqdq|gfni|sha\w*|sm[34]|bmi[12]|abm|popcnt|movbe|adx|lahf_lm|rd(rand|seed|pid|tscp)|fsgsbase|xsave\w*|xgetbv1|rtm|hle|clflush\w*|clwb|cldemote|movdir\w+|enqcmd|serialize|waitpkg|prefetchw\w*|pku|ospke)$/;

interface Lacking {
  /** A program may run into one of them at any time. */
  readonly instructions: readonly string[];
  readonly others: readonly string[];
}

/** What the source's processor has and the destination's has not. What arm64 lists is for programs, all of it. */
export function lacking(source: readonly string[], destination: readonly string[], architecture: string | null): Lacking {
  const missing = source.filter((flag) => !destination.includes(flag));
  const isInstruction = (flag: string) => architecture !== 'x86_64' || instructions.test(flag);
  return { instructions: missing.filter(isInstruction), others: missing.filter((flag) => !isInstruction(flag)) };
}

/**
 * CRIU itself would look at no more than the registers that it restores (`--cpu-cap=fpu`, its default): the container would run, and die
 * when the move is long over.
 */
export const cpuCheck: Check<PairSubject> = {
  name: 'cpu-features',
  why: 'a program that has found an instruction goes on using it: SIGILL where it is missing, when the move is over',
  hint: 'take a destination whose processor can at least as much',
  probe: async ({ source, destination }) => {
    const [from, to] = await Promise.all([cpuFlags(source.host), cpuFlags(destination.host)]);
    const { instructions: grave, others } = lacking(from, to, source.facts.architecture);
    if (grave.length > 0) return fail(`missing on the destination: ${listed(grave)}`);
    return others.length > 0
      ? warn(`missing on the destination, and of no use to programs: ${listed(others)}`)
      : ok('the destination has all of the source');
  },
};

function listed(flags: readonly string[]): string {
  return `${flags.slice(0, 8).join(' ')}${flags.length > 8 ? ' …' : ''}`;
}

/** x86-64 psABI, table of micro-architecture levels; each holds those before it. */
const levels = [
  { name: 'x86-64-v2', flags: ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3'] },
  { name: 'x86-64-v3', flags: ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'] },
  { name: 'x86-64-v4', flags: ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'] },
] as const;

/** The level that a processor of x86-64 has whole: what distributions and compilers ask for. */
export function levelOf(instructions: readonly string[]): string {
  const failing = levels.findIndex(({ flags }) => !flags.every((flag) => instructions.includes(flag)));
  return levels[(failing < 0 ? levels.length : failing) - 1]?.name ?? 'x86-64';
}

/** The instructions that programs of a host may have found. */
export async function instructionsOf(host: Host, architecture: string | null): Promise<readonly string[]> {
  return lacking(await cpuFlags(host), [], architecture).instructions;
}

async function cpuFlags(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.shell.run("sed -n '/^flags\\|^Features/{s/.*: //p;q}' /proc/cpuinfo");
  return [...new Set(stdout.trim().split(/\s+/).filter(Boolean))];
}
