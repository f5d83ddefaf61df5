import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, type PlayedHost, playHost } from '../../test/played-host.ts';
import type { Host } from '../hosts/host.ts';
import { endingDeadRestores } from './dead-restore.ts';

let played: PlayedHost;
beforeEach(() => {
  played = playHost();
});
afterEach(() => played.close());

/** Docker's start, which ends with its runc. */
async function watchRunc(program: string): Promise<number> {
  const words = ['-e', `$| = 1; print "begun\\n"; ${program}`, 'runc', 'restore', played.id];
  const pid = await played.start('perl', words);
  const started = (async () => {
    while (isAlive(pid)) await sleep(50);
  })();
  await endingDeadRestores({ shell: { run: played.run } } as unknown as Host, played.id, started);
  return pid;
}

test('a runc that waits for the word of a CRIU that is dead is ended', async () => {
  expect(isAlive(await watchRunc('fork or exit; sleep 600'))).toBe(false);
});

test('one whose children end in good order goes on, however late it looks at them', async () => {
  const through = join(played.root, 'through');
  await watchRunc(
    `for (1 .. 4) { my $child = fork or exit; select undef, undef, undef, 1.3; waitpid $child, 0 } mkdir "${through}"`,
  );
  expect(existsSync(through)).toBe(true);
});
