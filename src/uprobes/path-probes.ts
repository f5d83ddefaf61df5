import { matchesName } from '../instrument/name-pattern.ts';
import { type PathRule, programOf } from '../instrument/path-rule.ts';
import { pathRules } from '../instrument/path-rules.ts';
import type { ByteRange, ByteSource } from './byte-source.ts';
import { codePlaces } from './code-places.ts';
import { type Elf, readElf, sectionAt } from './elf.ts';
import { type GoFunction, readFunctions } from './pclntab.ts';

export const probedPrograms = ['dockerd', 'containerd', 'containerd-shim-runc-v2', 'runc'] as const;
export type ProbedProgram = (typeof probedPrograms)[number];

/** A function of the checkpoint and restore path in one program, with the places in its file where probes go; or why there are none. */
export interface PathProbe {
  /** The rule that names the function: name of its span. */
  readonly name: string;
  /** `libcontainer.(*Container).criuSwrk`; null: the program has none of that name. */
  readonly code: string | null;
  /** Offsets in the file; null: not probed. */
  readonly places: { readonly entry: number; readonly returns: readonly number[] } | null;
  readonly why: string | null;
}

/** The linker calls every program's own package so. */
const mainPackages: Readonly<Partial<Record<ProbedProgram, string>>> = { runc: 'github.com/opencontainers/runc' };
const wanted = pathRules.filter(({ noSpan }) => noSpan === undefined);
const inlined = 'it has no such function: this version does without, or the compiler has put it into its caller';

/**
 * Finds the path's functions in a program as it was shipped, stripped, and where they begin and end.
 * @throws TransshipError `not-ready` when it is no Go program for x86-64, or of a Go that is not known
 */
export async function pathProbes(program: ProbedProgram, source: ByteSource): Promise<readonly PathProbe[]> {
  const elf = await readElf(source);
  const named = (await readFunctions(elf)).flatMap((each) => {
    const rule = ruleOf(each.name, program);
    return rule === undefined ? [] : [{ rule, each }];
  });
  const codes = await source.read(named.map(({ each }) => fileRange(elf, each)));
  const found = named.map(({ rule, each }, index) => probeOf({ rule, each, elf, code: codes[index] ?? Buffer.alloc(0) }));
  const missed = wanted
    .filter(({ name, layer, isOptional }) => {
      const isExpected = programOf[layer] === program && isOptional !== true;
      return isExpected && !found.some((probe) => probe.name === name);
    })
    .map(({ name }) => ({ name, code: null, places: null, why: inlined }));
  return [...found, ...missed];
}

interface Named {
  readonly rule: PathRule;
  readonly each: GoFunction;
  readonly elf: Elf;
  readonly code: Buffer;
}

function probeOf({ rule, each, elf, code }: Named): PathProbe {
  const head = { name: rule.name, code: each.name.slice(each.name.lastIndexOf('/') + 1) };
  if (code.length < each.bytes) return { ...head, places: null, why: 'its code is not in the file' };
  const found = codePlaces(code);
  if (typeof found === 'string') return { ...head, places: null, why: found };
  const { offset } = fileRange(elf, each);
  return { ...head, places: { entry: offset + found.entry, returns: found.returns.map((at) => offset + at) }, why: null };
}

/** The rule that names a function, by what the linker calls it: `PACKAGE.FUNCTION`, the package by its import path; undefined: it is none of the path's. */
export function ruleOf(symbol: string, program: ProbedProgram): PathRule | undefined {
  const dot = symbol.indexOf('.', symbol.lastIndexOf('/') + 1);
  if (dot < 0) return undefined;
  const path = symbol.slice(0, dot).replace(/^.*\/vendor\//, '');
  const called = path === 'main' ? mainPackages[program] : path;
  const name = symbol.slice(dot + 1);
  return wanted.find((rule) =>
    rule.packages.some((own) => own === called && matchesName(rule.functionIn?.[own] ?? rule.function, name)),
  );
}

function fileRange(elf: Elf, { address, bytes }: GoFunction): ByteRange {
  const section = sectionAt(elf, address);
  return section === undefined ? { offset: 0, bytes: 0 } : { offset: address - section.address + section.offset, bytes };
}
