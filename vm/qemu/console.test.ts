import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { waitForMark } from './console.ts';

const folder = mkdtempSync(join(tmpdir(), 'console-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A guest that has said this so far; QEMU's own output is another file. */
function guest(said: string, isAlive = true, log = '') {
  const files = { console: join(folder, 'a.console'), log: join(folder, 'a.log') };
  writeFileSync(files.console, said);
  writeFileSync(files.log, log);
  return { name: 'a', ...files, isAlive: () => isAlive, waitedMs: () => 0, limitMs: 60_000 };
}

const failure = (message: string | RegExp) => ({
  code: 'failed',
  message: typeof message === 'string' ? message : expect.stringMatching(message),
  hint: expect.stringContaining('testbed sets'),
});

test('the mark is what it waits for, also of a guest that has ended since', async () => {
  await waitForMark({ ...guest('transship: booted 6.12.1\r\ntransship: docker answers\r\n', false), limitMs: 0 });
});

test('a guest that never answers: the end of its console', async () => {
  const said = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\r\n');
  await expect(waitForMark({ ...guest(said), limitMs: 0 })).rejects.toMatchObject(
    failure(/^Docker on a does not answer after 0 s\nend of its console:\nline 15\n(line \d+\n)+line 29$/),
  );
  await expect(waitForMark({ ...guest(''), limitMs: 0 })).rejects.toMatchObject(failure(/\n\(nothing on its console\)$/));
});

test('a machine that waits for a core has its time yet', async () => {
  let looks = 0;
  const isAlive = () => {
    looks += 1;
    return looks < 3;
  };
  const waiting = { ...guest(''), isAlive, waitedMs: () => 1e9, limitMs: 0 };
  await expect(waitForMark(waiting)).rejects.toMatchObject(failure(/^the virtual machine a ended/));
});

test('a panic is named at once, with what came before it and without its stack', async () => {
  const said = '[ 1.9] md: none\r\n[ 2.1] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n[ 2.1] Call Trace:\r\n';
  await expect(waitForMark(guest(said))).rejects.toMatchObject(
    failure(
      'the kernel of a panicked: VFS: Unable to mount root fs\nend of its console:\n[ 1.9] md: none\n[ 2.1] Kernel panic - not syncing: VFS: Unable to mount root fs',
    ),
  );
});

test('a guest that says what it cannot do is taken at its word', async () => {
  await expect(waitForMark(guest('transship: cannot: Docker has no AppArmor on kernel 6.12\r\n'))).rejects.toMatchObject(
    failure(/^a: Docker has no AppArmor on kernel 6\.12\n/),
  );
});

test("a machine that ended: QEMU's own words", async () => {
  await expect(waitForMark(guest('', false, 'qemu-system-x86_64: cannot set up guest memory\n'))).rejects.toMatchObject(
    failure(/^the virtual machine a ended: qemu-system-x86_64: cannot set up guest memory\n/),
  );
});

test('what a guest says drives no terminal', async () => {
  await expect(waitForMark({ ...guest('\u001b[2J\u001b]0;title\u0007here\r\n'), limitMs: 0 })).rejects.toMatchObject(
    failure(/console:\n0;titlehere$/),
  );
});
