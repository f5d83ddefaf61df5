import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { startDump } from './dump-watch.ts';

/** What the dump on the source says, line by line, while it goes on. */
function dumpThatSays(...words: readonly string[]) {
  const stdout = new PassThrough();
  const spawned = { stdin: new PassThrough(), stdout, ended: new Promise(() => {}) };
  const source = { name: 'a', spawn: () => spawned } as unknown as Host;
  const overLimit = (lastedMs: number) => new TransshipError('failed', `it stood still for ${lastedMs} ms`, '');
  const watch = startDump(source, '/f', { onFreeze: () => {}, overLimit });
  const until = watch.until('dump.images-ready', 5_000);
  for (const line of words) stdout.write(`1795717064.887457 ${line}\n`);
  return until;
}

test('past its limit it has let the container go on: that is what failed, and not what broke on the way', async () => {
  const until = dumpThatSays('dump.freeze', 'dump.too-long', 'dump.failed runc checkpoint: it broke', 'dump.let-go 320000');
  await expect(until).rejects.toMatchObject({ message: 'it stood still for 320 ms' });
});

test('past its limit it cannot let it go on: that is known at once, and the way back is tried from here', async () => {
  const until = dumpThatSays(
    'dump.freeze',
    'dump.too-long',
    'dump.stuck it was to be given up (too-long), and CRIU does not end',
  );
  await expect(until).rejects.toMatchObject({ message: expect.stringContaining('CRIU does not end') });
});
