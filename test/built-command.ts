import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** The built command as a user runs it, in this process's environment with `env` on top. */
export function transship(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return builtProgram('src/cli/main.js', args, env);
}

/** Another program below dist/. */
export function builtProgram(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeout = 180_000,
) {
  return execa('node', [join(packageRoot(), 'dist', name), ...args], {
    reject: false,
    timeout,
    stdin: 'ignore',
    env: { NO_COLOR: '1', ...env },
  });
}
