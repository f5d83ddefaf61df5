import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { endMarked, markedProcesses, marking } from './marked-processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'marked-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what was started with the mark is found with its children, out of its process group, too, and ended; others are not', async () => {
  const [program = '', ...words] = [...marking(folder), 'sh', '-c', 'setsid sleep 600 & exec sleep 600'];
  const child = spawn(program, words, { stdio: 'ignore' });
  const other = spawn('env', [`TRANSSHIP_SET_FOLDER=${folder}-2`, 'sleep', '600'], { stdio: 'ignore' });
  await expect.poll(() => markedProcesses(folder), { timeout: 10_000 }).toHaveLength(2);
  expect(markedProcesses(folder)).toContain(child.pid);
  await endMarked(folder);
  expect(markedProcesses(folder)).toEqual([]);
  await expect.poll(() => markedProcesses(`${folder}-2`), { timeout: 10_000 }).toEqual([other.pid]);
  other.kill();
});
