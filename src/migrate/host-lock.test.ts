import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../hosts/host.ts';
import { lockHost, lockHostAgain } from './host-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transship-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** This machine as a host, on which Docker's folder is one of the test's own. */
function host(change: (script: string) => string = (script) => script): Host {
  const start = (script: string) => {
    const child = spawn('sh', ['-c', change(script.replaceAll('/run/docker', folder))]);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, stderr })));
    return { stdin: child.stdin, stdout: child.stdout, ended, kill: () => child.kill('SIGKILL') };
  };
  return { name: 'a', spawn: start, shell: { run: async () => ({ exitCode: 0 }) } } as unknown as Host;
}

test('a host is locked once, and is free when the first has gone; nothing is left', async () => {
  const first = await lockHost(host());
  await expect(lockHost(host())).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringMatching(/^a: another migration is under way there, and one at a time/),
    hint: expect.stringMatching(/process \d+ on a ends with it/),
  });
  await first[Symbol.asyncDispose]();
  await (await lockHost(host()))[Symbol.asyncDispose]();
  expect(readdirSync(folder)).toEqual([]);
});

test('that it cannot be locked is not taken for free', async () => {
  const broken = host((script) => script.replace('flock ', 'no-flock-here '));
  await expect(lockHost(broken)).rejects.toThrow(/^a: it cannot be locked, so another .*no-flock-here: (command )?not found/);
});

describe('whoever recovers', () => {
  test('waits for the lock of a controller that was killed', async () => {
    const first = await lockHost(host());
    const second = lockHostAgain(host(), 100);
    setTimeout(() => void first[Symbol.asyncDispose](), 250);
    await (await second)[Symbol.asyncDispose]();
  });

  test('does not wait for ever for another one', async () => {
    await using _first = await lockHost(host());
    await expect(lockHostAgain(host(), 1)).rejects.toThrow('another migration is under way there');
  });

  test('goes on without a host that cannot be reached, and not without one that can', async () => {
    const broken = host(() => 'exit 1');
    await expect(lockHostAgain(broken)).rejects.toThrow('a: it cannot be locked');
    const unheard = () => Promise.reject(new Error('no route to host'));
    const away = { ...broken, shell: { run: unheard } } as unknown as Host;
    await (await lockHostAgain(away))[Symbol.asyncDispose]();
  });
});
