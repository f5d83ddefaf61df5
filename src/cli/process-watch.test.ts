import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { endGroup } from '../../test/end-group.ts';
import { watchProcesses } from './process-watch.ts';

/** Programs that are seen below a shell, each with the one that it is below; the shell itself is `null`'s. */
async function seenBelow(text: string): Promise<readonly (readonly [string, string | null])[]> {
  const shell = spawn('sh', ['-c', text], { detached: true, stdio: 'ignore' });
  const ended = once(shell, 'exit');
  try {
    const watch = watchProcesses();
    watch.follow(shell.pid as number);
    for (let left = true; left; left = await Promise.race([ended.then(() => false), sleep(20, true)])) watch.look();
    watch.look();
    const records = watch.records();
    const nameOf = (pid: number | null) => records.find((one) => one.pid === pid)?.program ?? null;
    return records.map(({ program, parentPid }) => [program, nameOf(parentPid)] as const);
  } finally {
    endGroup(shell.pid as number);
  }
}

test('a fork is its parent’s part: what it starts is below that one', async () => {
  expect(await seenBelow('(sleep 0.3; :); :')).toEqual([
    ['sh', null],
    ['sleep', 'sh'],
  ]);
});

test('a fork that outlives its parent is one of its own', async () => {
  expect(await seenBelow('(while :; do sleep 0.02; done) & sleep 0.3; :')).toEqual(
    expect.arrayContaining([
      ['sh', null],
      ['sh', 'sh'],
    ]),
  );
});
