import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TransshipError } from '../error.ts';
import type { Manifest } from './manifest.ts';

/** The places of a run's files; the layout is part of the contract (docs/getting-started.md). */
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
