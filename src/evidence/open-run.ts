import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TransshipError } from '../error.ts';
import { readDocument } from './checked.ts';
import { type Manifest, manifestSchema } from './manifest.ts';
import { packageRoot, type RunFolder, runFiles, tracesRoot } from './run-folder.ts';

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

/** The word by which `openRun` finds it again: its name, or its path where that name is no run or another's. */
export function wordFor({ run, path }: RunFolder, env: NodeJS.ProcessEnv = process.env): string {
  const named = traceRoots(env).find((root) => existsSync(join(root, run, runFiles.manifest)));
  return named !== undefined && resolve(named, run) === resolve(path) ? run : path;
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

/** The folders searched for a run by name: the user's own first, then the samples that come with the package. */
function traceRoots(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return [...new Set([tracesRoot(env), join(packageRoot(), 'traces')])];
}

/** @throws TransshipError `input` when `run.json` is missing, is no JSON, or is not of our schema. */
export function readManifest(folder: RunFolder): Manifest {
  const file = join(folder.path, runFiles.manifest);
  return readDocument(file, manifestSchema, 'damaged, or of another version of transship; transship runs lists the good ones');
}
