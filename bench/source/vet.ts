import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { fetchSources } from '../../src/instrument/fetch-sources.ts';
import { applyChanges } from '../../src/instrument/file-changes.ts';
import { planInjection } from '../../src/instrument/inject.ts';
import { pathRules } from '../../src/instrument/path-rules.ts';
import { firstMarkLine, sideFileName } from '../../src/instrument/span-marks.ts';
import { cacheFolder } from '../../vm/places.ts';
import type { SourceSet } from '../../vm/versions.ts';

const limitMs = 1_200_000;

export interface Vetted {
  readonly packages: number;
  /** What `go vet` says of lines that we put in. */
  readonly ofOurs: readonly string[];
  /** And of Docker's own. */
  readonly ofTheirs: readonly string[];
  /** Why packages were not looked at, a line for each: one of their imports is not there, or does not compile. */
  readonly unseen: readonly string[];
}

/** `go vet` over every package that has spans, daemons and all, in the tree `root`. @throws when it says nothing of why it failed */
export async function vetInjected(set: SourceSet, root: string, goCache: string): Promise<Vetted> {
  mkdirSync(cacheFolder, { recursive: true });
  const scratch = mkdtempSync(join(cacheFolder, 'vet-'));
  try {
    const work = join(scratch, 'go');
    await fetchSources({ set, checkouts: [], to: work, say: () => {} });
    const { changes } = await planInjection([work], pathRules, false);
    applyChanges(changes);
    const packages = [...new Set(changes.map(({ path }) => dirname(path).slice(join(work, 'src/').length)))];
    const go = (...words: readonly string[]) =>
      execa('sh', [join(packageRoot(), 'vm/in-go-root.sh'), root, work, goCache, 'go', ...words], {
        timeout: limitMs,
        reject: false,
      });
    // of a package with an import that is not there none of those named beside it would be vetted
    const listed = await go(
      'list',
      '-e',
      '-test',
      '-tags',
      'seccomp',
      '-f',
      '{{.ImportPath}}{{range .DepsErrors}}\t{{.}}{{end}}',
      ...packages,
    );
    const { whole, unseen } = packagesIn(listed.stdout);
    const { stderr, exitCode } = await go('vet', '-tags', 'seccomp', ...whole);
    const said = complaintsIn(stderr, (complaint) => standsOnOurs(work, complaint));
    if (exitCode !== 0 && Object.values(said).every((lines) => lines.length === 0)) throw new Error(stderr);
    return { packages: packages.length, ...said, unseen: [...unseen, ...said.unseen] };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** What `go list -test` says, a line each: the path of a package or of a test of it, then what is wrong with its imports (each after a tab, with lines of places below). */
export function packagesIn(list: string): { readonly whole: readonly string[]; readonly unseen: readonly string[] } {
  const errors = new Map<string, string | null>();
  for (const row of list.split('\n').filter((line) => /^[\w.-]+\//.test(line))) {
    const [name = '', error] = row.split('\t');
    const path = name.replace(/(?:_test)? \[.*\]$|\.test$/, '');
    errors.set(path, errors.get(path) ?? error ?? null);
  }
  return {
    whole: [...errors].flatMap(([path, error]) => (error === null ? [path] : [])),
    unseen: [...errors].flatMap(([path, error]) => (error === null ? [] : `${path}: ${error}`)),
  };
}

/** A place in front is what an analyzer found, or an import that is not there, for which nothing at all is vetted; `vet:` is a package that does not compile. */
export function complaintsIn(text: string, isOurs: (line: string) => boolean): Omit<Vetted, 'packages'> {
  const lines = text.split('\n').filter((line) => /^(?:vet: )?\S+\.go:\d+/.test(line));
  const isUnseen = (line: string): boolean => /^vet: |: cannot find package /.test(line);
  const found = lines.filter((line) => !isUnseen(line));
  return {
    ofOurs: found.filter(isOurs),
    ofTheirs: found.filter((line) => !isOurs(line)),
    unseen: lines.filter(isUnseen),
  };
}

function standsOnOurs(work: string, complaint: string): boolean {
  const [, file = '', line = '0'] = /^(\S+\.go):(\d+)/.exec(complaint) ?? [];
  if (file.endsWith(sideFileName)) return true;
  const text = readFileSync(join(work, file), 'utf8').split('\n')[Number(line) - 1] ?? '';
  return firstMarkLine(text) !== null;
}
