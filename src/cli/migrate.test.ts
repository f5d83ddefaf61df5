import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readManifest } from '../evidence/open-run.ts';
import { packageRoot, runFiles } from '../evidence/run-folder.ts';
import { printMigration } from './migrate.ts';
import type { Terminal } from './terminal.ts';

const recorded = join(packageRoot(), 'test/recorded/runs/docker-small');

describe('a move whose evidence cannot be read afterwards', () => {
  let path = '';
  const warn = vi.fn();
  const print = vi.fn();
  const terminal = (isJson: boolean): Terminal => ({ isJson, result: print, say: vi.fn(), warn });
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'transship-test-'));
    cpSync(recorded, path, { recursive: true });
    vi.resetAllMocks();
  });
  afterEach(() => rmSync(path, { recursive: true }));

  async function printed(isJson: boolean): Promise<object | undefined> {
    const folder = { run: 'tiny1', path };
    await printMigration(terminal(isJson), folder, readManifest(folder));
    return print.mock.calls[0]?.[0];
  }

  test.each([
    ['a host’s calls', 'evidence/b/api.jsonl', 'api.jsonl:', expect.any(Array)],
    ['the journal', runFiles.journal, 'journal.jsonl:', null],
  ])('with --format json it has its document all the same, and a warning says why: %s', async (_, file, place, steps) => {
    appendFileSync(join(path, file), '{"startNs":7}\n');
    const document = await printed(true);
    expect(document).toMatchObject({ schema: 'transship.migrate/1', outcome: 'migrated', container: { name: 'tiny' } });
    expect(document).toMatchObject({ downtime: { tracedUs: null }, criu: { frozenUs: null, restoreUs: null } });
    expect(document).toMatchObject({ explained: null, explainedAtLeast: null, explainedRun: null, steps });
    const why = expect.stringMatching(/^the run cannot be shown: .*: Invalid input: expected \w+, received/);
    expect(document).toMatchObject({ warnings: expect.arrayContaining([why]) });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(place));
    expect(print).toHaveBeenCalledTimes(1);
  });

  test('as text it has no breakdown, and the warning', async () => {
    appendFileSync(join(path, runFiles.journal), '{"startNs":7}\n');
    expect(await printed(false)).toBeUndefined();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('journal.jsonl:'));
  });

  test('one that can be read has both', async () => {
    expect(await printed(true)).toMatchObject({ downtime: { tracedUs: expect.any(Number) }, steps: expect.any(Array) });
    expect(warn).not.toHaveBeenCalledWith(expect.stringContaining('cannot be shown'));
  });
});
