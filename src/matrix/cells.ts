import type { HostVersions } from '../../vm/testbed-state.ts';
import { hostSets, type KernelName, kernelNames, kernels, type PackageSet, packageSets, tried } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';

/** A kernel and a set of packages that are tried together. */
export interface Cell {
  readonly kernel: KernelName;
  readonly packages: PackageSet;
}

export interface PhaseResult {
  /** `boot`, `check`, `bridge.checkpoint`… */
  readonly name: string;
  readonly isOk: boolean;
  readonly durationMs: number;
}

export interface CellFailure {
  readonly phase: string;
  /** CRIU's first true error, or what Docker said. */
  readonly message: string;
  /** What is known of it; null when nothing is. */
  readonly cause: string | null;
  readonly hint: string | null;
}

/** What became of a cell; kept as it is, so that a matrix goes on where it was left. */
export interface CellResult extends Cell {
  /** Null when the hosts did not come up. */
  readonly versions: HostVersions | null;
  readonly phases: readonly PhaseResult[];
  /** Each phase that failed; empty when the cell works. */
  readonly failures: readonly CellFailure[];
  /** The run that holds its evidence; null when there was none. */
  readonly run: string | null;
  readonly endedNs: string;
}

/** A cell that was not played, for a reason that is this machine's or its mirror's and not the cell's. */
export interface UnplayedCell extends Cell {
  readonly why: string;
}

export interface CellWish {
  /** Names or releases of kernels; all when none is given. */
  readonly kernels: readonly string[];
  /** Names of sets, or the beginnings of CRIU's versions: every set that has it. All when none is given. */
  readonly crius: readonly string[];
}

/** What boots systemd has the packages of another set, and boots for twice as long: it is played when it is named. */
const usualSets: readonly PackageSet[] = packageSets.filter((name) => hostSets[name].init === 'tini');

/** @throws TransshipError `usage` for what no row of vm/versions.ts is */
export function chooseCells(wish: CellWish): readonly Cell[] {
  const wanted = wish.kernels.length === 0 ? kernelNames : unique(wish.kernels.map(kernelNamed));
  const sets = wish.crius.length === 0 ? usualSets : unique(wish.crius.flatMap(setsWith));
  return wanted.flatMap((kernel) => sets.map((packages) => ({ kernel, packages })));
}

function kernelNamed(text: string): KernelName {
  const name = kernelNames.find((each) => each === text || kernels[each].series === text);
  if (name !== undefined) return name;
  throw new TransshipError('usage', `no kernel ${text} here`, `there are ${kernelNames.join(', ')}: transship testbed sets`);
}

function setsWith(text: string): readonly PackageSet[] {
  const found = packageSets.filter(
    (name) => name === text || (usualSets.includes(name) && `${hostSets[name].criu}.`.startsWith(`${text}.`)),
  );
  if (found.length > 0) return found;
  const all = packageSets.map((name) => `${name} (CRIU ${hostSets[name].criu})`);
  throw new TransshipError('usage', `no set of packages has CRIU ${text}`, `there are ${all.join(', ')}`);
}

function unique<T>(list: readonly T[]): readonly T[] {
  return [...new Set(list)];
}

/** Whether a result of the matrix's own test is another one than vm/versions.ts has; null when that knows nothing of the cell. */
export function isAsKnown({ kernel, packages, failures }: CellResult): boolean | null {
  const row = tried.find((candidate) => candidate.kernel === kernel && candidate.set === packages);
  return row === undefined ? null : (row.fails === null) === (failures.length === 0);
}
