import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openRun, wordFor } from './open-run.ts';
import { packageRoot } from './run-folder.ts';

const sample = join(packageRoot(), 'traces/sample-failed');
const root = mkdtempSync(join(tmpdir(), 'runs-'));
const env = { TRANSSHIP_TRACES: root };
afterAll(() => rmSync(root, { recursive: true }));

test('a run is named by the word that finds it again: its name, or its path where that name is no run or another’s', () => {
  expect(wordFor(openRun('sample-failed', env), env)).toBe('sample-failed');
  expect(wordFor(openRun(sample, env), env)).toBe('sample-failed');
  const recorded = join(packageRoot(), 'test/recorded/runs/native-28');
  expect(wordFor(openRun(recorded, env), env)).toBe(recorded);
  cpSync(join(sample, 'run.json'), join(root, 'sample-failed/run.json'));
  expect(wordFor(openRun(sample, env), env)).toBe(sample);
  expect(wordFor(openRun('sample-failed', env), env)).toBe('sample-failed');
});

test('run.json with a value of another type is named by file and path', () => {
  const path = join(root, 'other');
  cpSync(sample, path, { recursive: true });
  const file = join(path, 'run.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.hosts.source.versions.docker = 26;
  writeFileSync(file, JSON.stringify(manifest));
  expect(() => openRun(path, env)).toThrow(
    `${file}: hosts.source.versions.docker: Invalid input: expected string, received number`,
  );
});
