import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildOnce, recipeHash } from '../../vm/build-cache.ts';
import { goRoot } from '../../vm/go-root.ts';
import { cacheFolder } from '../../vm/places.ts';
import { requireGoBuild } from '../../vm/prerequisites.ts';
import type { SourceSet } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import { type Fetched, fetchSources } from './fetch-sources.ts';
import { applyChanges } from './file-changes.ts';
import { planInjection } from './inject.ts';
import { pathRules } from './path-rules.ts';
import { type Program, type ProgramName, programNames, programsOf, upstreamVersion } from './programs.ts';
import { sideFile } from './side-file.ts';

export interface BuildOptions {
  readonly set: SourceSet;
  readonly programs: readonly ProgramName[];
  readonly say: (line: string) => void;
}

export interface Built {
  /** Holds a file by the name of each program. */
  readonly folder: string;
  readonly programs: readonly { readonly name: ProgramName; readonly version: string }[];
}

/**
 * Instrumented programs, built by plain `go build` in a tree with Debian's Go, kept by their recipe: sources, rules, flags, tree.
 * @throws TransshipError `not-ready`: no root, no mirror, or the compiler's words when it fails; nothing is kept then
 */
export async function buildPrograms({ set, programs, say }: BuildOptions): Promise<Built> {
  requireGoBuild();
  const wanted = programsOf(set).filter(({ name }) => programs.includes(name));
  const sources = await fetchSources({ set, checkouts: [], to: null, say });
  for (const warning of sources.warnings) say(`warning: ${warning}`);
  refuseLacking(set, programs, sources);
  const versions = wanted.map((program) => ({ name: program.name, version: versionOf(program, sources) }));
  const root = await goRootOf({ set, programs: wanted, say });
  const target = join(
    cacheFolder,
    `source-${set}-${recipeHash([wanted, versions, pathRules, sideFile(''), root, scriptText()])}`,
  );
  const built = { folder: target, programs: versions };
  if (existsSync(target)) return built;
  const scratch = mkdtempSync(`${target}.work-`);
  try {
    const work = await instrumentedCopy(set, scratch);
    const goCache = join(cacheFolder, `gocache-${set}`); // Go's own: safe for several builds at a time
    mkdirSync(goCache, { recursive: true });
    const words = wanted.flatMap((program, index) => [
      program.name,
      program.tags,
      flagsOf(program, versions[index]?.version ?? ''),
      program.package,
    ]);
    const command = ['sh', join(packageRoot(), 'vm/go-build.sh'), root, work, goCache, `${target}.partial`, ...words];
    await buildOnce({
      target,
      command,
      what: `${programs.join(', ')} of ${set}, instrumented`,
      prefix: [],
      say,
      hint: hintOf(sources),
      limitMs: 3_600_000,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return built;
}

/** @throws TransshipError `not-ready`, before anything is built */
function refuseLacking(set: SourceSet, programs: readonly ProgramName[], { lacking }: Fetched): void {
  const needed = lacking.find(({ program }) => programs.some((name) => name === program));
  if (needed === undefined) return;
  const { program, component, why, hint } = needed;
  const others = `then: transship source fetch ${set}; the others build: --only ${programNames.filter((name) => name !== program).join(',')}`;
  throw new TransshipError(
    'not-ready',
    `${program} of ${set} needs ${component}, which is not there: ${why}`,
    `${hint}; ${others}`,
  );
}

/** A tree that lacks part of its sources is the likelier cause. */
function hintOf({ warnings }: Fetched): string {
  const [first] = warnings;
  return first === undefined
    ? 'the compiler says where; is the disk full?'
    : `part of the sources could not be had: ${first}; --only ${programNames.slice(0, 2).join(',')} needs least of them`;
}

interface RootOptions {
  readonly set: SourceSet;
  readonly programs: readonly Program[];
  readonly say: (line: string) => void;
}

/** The tree with Go that these programs are built in. */
export async function goRootOf({ set, programs, say }: RootOptions): Promise<string> {
  const { trees } = await fetchSources({ set, checkouts: [], to: null, say });
  const needed = programs.flatMap((program) => {
    const tree = trees.find(({ place }) => place === program.project);
    return [...program.packages, ...(program.needsBuildDepends ? (tree?.buildDepends ?? []) : [])];
  });
  return goRoot({ set, packages: [...new Set(needed)].sort(), say });
}

async function instrumentedCopy(set: SourceSet, scratch: string): Promise<string> {
  const work = join(scratch, 'go');
  await fetchSources({ set, checkouts: [], to: work, say: () => {} });
  applyChanges((await planInjection([work], pathRules, false)).changes);
  return work;
}

function versionOf({ project }: Program, { trees, folder }: Fetched): string {
  const version = trees.find(({ place }) => place === project)?.version;
  if (version === undefined || version === null)
    throw new TransshipError(
      'not-ready',
      `${folder}: ${project} is not in it`,
      'remove it, and transship source fetch gets it again',
    );
  return upstreamVersion(version);
}

function flagsOf({ versionVariables, ldflags }: Program, version: string): string {
  return [...versionVariables.map((variable) => `-X ${variable}=${version}`), ldflags].filter((flag) => flag !== '').join(' ');
}

function scriptText(): string {
  return ['go-build.sh', 'in-go-root.sh'].map((name) => readFileSync(join(packageRoot(), 'vm', name), 'utf8')).join('');
}
