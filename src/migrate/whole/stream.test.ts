import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Host, HostProcess } from '../../hosts/host.ts';
import { bounded } from './stream.ts';

const source = { name: 'a' } as Host;

/** A process that would go on for a minute. */
function slow(): HostProcess {
  const process = spawn('sleep', ['60']);
  const ended = once(process, 'close').then(([exitCode]) => ({ exitCode: Number(exitCode ?? 137), stderr: '' }));
  return { stdin: process.stdin, stdout: process.stdout, ended, kill: () => void process.kill('SIGKILL') };
}

test.each([
  ['while it goes on', (abort: AbortController) => void setTimeout(() => abort.abort(), 50)],
  ['before it began', (abort: AbortController) => abort.abort()],
])('an interrupt %s: the process is ended, and that it was interrupted is what is told', async (_when, interrupt) => {
  const abort = new AbortController();
  const process = slow();
  interrupt(abort);
  const moving = bounded({ source, signal: abort.signal }, { what: 'a volume' }, [process], process.ended);
  await expect(moving).rejects.toMatchObject({ code: 'interrupted' });
  expect((await process.ended).exitCode).toBe(137);
});

test('over its limit it is ended, too', async () => {
  const process = slow();
  const moving = bounded({ source }, { what: 'a volume', timeoutMs: 50 }, [process], process.ended);
  await expect(moving).rejects.toMatchObject({ code: 'failed', message: 'a: moving a volume took longer than 0.05 s' });
  expect((await process.ended).exitCode).toBe(137);
});

test('one that ends by itself gives what it gives', async () => {
  expect(await bounded({ source }, { what: 'a volume' }, [], Promise.resolve(7))).toBe(7);
});
