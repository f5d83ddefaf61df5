import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { playWords } from './user-test.ts';

const folder = mkdtempSync(join(tmpdir(), 'user-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const play = (words: readonly string[], signal = new AbortController().signal) =>
  playWords({
    ...{ set: 'a-set', words, folder, program: [], runName: 'r', isSaved: false, signal, say: () => {} },
    keep: async () => null,
  });

test("a command has the cell's hosts by their set's name, and its exit status tells; what it prints is kept", async () => {
  const { phases, failures } = await play(['sh', '-c', 'echo "$TRANSSHIP_TESTBED"; echo two >&2']);
  expect({ phases, failures }).toMatchObject({ phases: [{ name: 'sh', isOk: true }], failures: [] });
  expect(readFileSync(join(folder, 'output.log'), 'utf8')).toBe('a-set\ntwo\n');
});

test('one that fails: its error and hint where it says so, else its last line', async () => {
  const told = await play(['sh', '-c', 'echo "error: no way"; echo "  hint: go round"; exit 3']);
  expect(told.failures).toEqual([{ phase: 'sh', message: 'no way', cause: null, hint: 'go round' }]);
  const silent = await play(['sh', '-c', 'echo one; echo two; exit 1']);
  expect(silent.failures).toEqual([{ phase: 'sh', message: 'two', cause: null, hint: null }]);
});

test('no such command is not the cell that fails', async () => {
  await expect(play(['no-such-command'])).rejects.toMatchObject({ code: 'usage', message: 'no-such-command: no such command' });
});

test('an interrupt ends it', async () => {
  const interrupt = new AbortController();
  setTimeout(() => interrupt.abort(), 200);
  const { phases } = await play(['sleep', '30'], interrupt.signal);
  expect(phases).toMatchObject([{ isOk: false }]);
  expect(phases[0]?.durationMs).toBeLessThan(20_000);
});
