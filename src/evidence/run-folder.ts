import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { TransshipError } from '../error.ts';
import { type Manifest, manifestSchema } from './manifest.ts';

/** The places of a run's files; the layout is part of the contract (docs/evidence.md). */
export interface RunFolder {
  readonly run: string;
  readonly path: string;
}

export const runFiles = {
  manifest: 'run.json',
  plan: 'plan.json',
  journal: 'journal.jsonl',
  probe: 'evidence/probe.jsonl',
  trace: 'trace.otlp.jsonl',
} as const;

/** Folder of one host's evidence: `evidence/HOST`. */
export function hostEvidence(folder: RunFolder, host: string): string {
  return join(folder.path, 'evidence', host);
}

/** Where runs live: `$TRANSSHIP_TRACES`; in a checkout its `traces/`; else the user's state folder. */
export function tracesRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TRANSSHIP_TRACES) return env.TRANSSHIP_TRACES;
  const root = packageRoot();
  if (existsSync(join(root, '.git'))) return join(root, 'traces');
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'transship');
}

/** The folders searched for a run by name: the user's own first, then the samples that come with the package. */
function traceRoots(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return [...new Set([tracesRoot(env), join(packageRoot(), 'traces')])];
}

/** The folder that holds package.json, from sources and from `dist/` alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Makes the folder of a new run. A name that is taken is an error; without one the next free `rN` is taken. */
export function createRun(name?: string, root: string = tracesRoot()): RunFolder {
  mkdirSync(root, { recursive: true });
  if (name !== undefined) return claim(root, checkedName(name));
  const taken = readdirSync(root).map((entry) => Number(/^r(\d+)$/.exec(entry)?.[1] ?? 0));
  for (let next = Math.max(0, ...taken) + 1; ; next += 1) {
    try {
      return claim(root, `r${next}`);
    } catch (error) {
      if (!(error instanceof TransshipError)) throw error; // another process took it between look and make
    }
  }
}

function claim(root: string, run: string): RunFolder {
  const path = join(root, run);
  try {
    mkdirSync(path);
  } catch (cause) {
    throw new TransshipError(
      'usage',
      `${path}: cannot make the run's folder (${(cause as NodeJS.ErrnoException).code})`,
      'take another name with --name, or remove the old run',
      { cause },
    );
  }
  mkdirSync(join(path, 'evidence'));
  return { run, path };
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw new TransshipError('usage', `'${name}' cannot name a run`, 'letters, digits, dot, dash and underscore, 64 at most');
}

/** Finds a run by name or by the path of its folder. */
export function openRun(nameOrPath: string, env: NodeJS.ProcessEnv = process.env): RunFolder {
  const candidates = nameOrPath.includes('/') ? [nameOrPath] : traceRoots(env).map((root) => join(root, nameOrPath));
  const path = candidates.find((candidate) => existsSync(join(candidate, runFiles.manifest)));
  if (path !== undefined) return { run: readManifest({ run: nameOrPath, path }).run, path };
  throw new TransshipError(
    'input',
    `no run '${nameOrPath}' in ${candidates.map((c) => dirname(c)).join(' or ')}`,
    'transship runs lists them',
  );
}

/** A run, by name or path; or, by the path of a folder that is none, all runs in it. */
export function openRuns(nameOrPath: string, env: NodeJS.ProcessEnv = process.env): readonly RunFolder[] {
  const isFolder = statSync(nameOrPath, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const isSet = isFolder && !existsSync(join(nameOrPath, runFiles.manifest));
  if (
    !isSet ||
    (!nameOrPath.includes('/') && traceRoots(env).some((root) => existsSync(join(root, nameOrPath, runFiles.manifest))))
  )
    return [openRun(nameOrPath, env)];
  const runs = runsIn([nameOrPath]);
  if (runs.length > 0) return runs;
  throw new TransshipError(
    'input',
    `${nameOrPath}: holds no runs`,
    'a run, or a folder whose folders are runs: TRANSSHIP_TRACES=FOLDER',
  );
}

/** Every run that can be opened, oldest first by name. */
export function listRuns(env: NodeJS.ProcessEnv = process.env): readonly RunFolder[] {
  return runsIn(traceRoots(env));
}

function runsIn(roots: readonly string[]): readonly RunFolder[] {
  const folders = roots.flatMap((root) =>
    existsSync(root) ? readdirSync(root).map((entry) => ({ run: entry, path: join(root, entry) })) : [],
  );
  return folders
    .filter((folder) => existsSync(join(folder.path, runFiles.manifest)))
    .sort((a, b) => a.run.localeCompare(b.run, 'en', { numeric: true }));
}

/** @throws TransshipError `input` when `run.json` is missing, is no JSON, or is not of our schema. */
export function readManifest(folder: RunFolder): Manifest {
  const file = join(folder.path, runFiles.manifest);
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new TransshipError(
      'input',
      `${file}: ${(cause as Error).message}`,
      'the run is damaged or is none; transship runs lists the good ones',
      { cause },
    );
  }
  const result = manifestSchema.safeParse(document);
  if (result.success) return result.data;
  throw new TransshipError('input', `${file}: ${z.prettifyError(result.error)}`, 'written by another version of transship?');
}

/**
 * Replaces `run.json` in one step, so that a reader never sees half of it.
 * @throws TransshipError `failed` when it cannot be written: the old one stays
 */
export function writeManifest(folder: RunFolder, manifest: Manifest): void {
  const file = join(folder.path, runFiles.manifest);
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  } catch (cause) {
    rmSync(`${file}.new`, { force: true });
    const { message } = cause as Error;
    const hint = 'make room there, or name another folder for runs: TRANSSHIP_TRACES=FOLDER';
    throw new TransshipError('failed', `${file}: cannot be written (${message})`, hint, { cause });
  }
}
