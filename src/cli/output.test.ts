import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runWithNothing } from '../../test/run-with-nothing.ts';
import { packageRoot } from '../evidence/run-folder.ts';

const program = join(packageRoot(), 'dist/src/cli/main.js');
const commands = ['show r1', 'show r1 --format json', 'runs', 'export r1 --to chrome', '--help'];

/** In bash, whose PIPESTATUS tells of each side of a pipe. */
async function bash(root: string, script: string) {
  const env = { PATH: process.env.PATH, TRANSSHIP_TRACES: root, NO_COLOR: '1' };
  return await promisify(execFile)('bash', ['-c', script.replaceAll('transship', `${process.execPath} ${program}`)], { env });
}

test.each([...commands, 'nonsense'])('transship %s | true: a reader that has seen enough of it is no failure', async (words) => {
  using runs = runWithNothing();
  const { stdout, stderr } = await bash(runs.root, `transship ${words} | true; echo "status \${PIPESTATUS[0]}"`);
  expect(stdout).toBe(`status ${words === 'nonsense' ? 2 : 0}\n`);
  expect(stderr).not.toMatch(/EPIPE|at .*\.js/);
});

test.each(['show r1', 'nonsense'])('transship %s 2>&1 | true: nobody reads what it says, either', async (words) => {
  using runs = runWithNothing();
  const { stdout } = await bash(runs.root, `transship ${words} 2>&1 | true; echo "status \${PIPESTATUS[0]}"`);
  expect(stdout).toBe(`status ${words === 'nonsense' ? 2 : 0}\n`);
});

test.each(commands)('transship %s >/dev/full: a result that is lost is a failure that says so', async (words) => {
  using runs = runWithNothing();
  const { stdout } = await bash(runs.root, `{ transship ${words} >/dev/full; } 2>&1; echo "status $?"`);
  expect(stdout).toMatch(/^error: stdout: cannot be written \(ENOSPC: .*\)\n {2}hint: .+\nstatus 1\n$/);
});
