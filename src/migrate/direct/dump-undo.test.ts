import { expect, test } from 'vitest';
import type { Move } from '../step.ts';
import { dump } from './dump-step.ts';

test('a CRIU that does not end keeps the container frozen: what it is, and what to type once it has ended, is told', async () => {
  const run = async () => ({ exitCode: 1, stdout: '', stderr: 'CRIU does not end (process 77)\n' });
  const direct = { folder: '/run/transship/x', dump: null, started: null };
  const move = {
    source: { name: 'a', shell: { run } },
    destination: { name: 'b', shell: { run: () => expect.fail('the destination was never told to run') } },
    found: { direct, destinationId: null, thawedAtMs: null },
    plan: { container: { name: 'web' } },
  };
  await expect(dump.undo?.(move as unknown as Move)).rejects.toMatchObject({
    message: 'a: web could not be thawed: CRIU does not end (process 77)',
    hint: 'on a, once no CRIU is at work on it: bash /run/transship/x/give-up /run/transship/x after-go',
  });
  expect(move.found.thawedAtMs).toBe(null);
});
