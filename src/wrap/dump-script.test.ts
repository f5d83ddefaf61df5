import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { criuAsks, type StagedDump, stageDump } from '../../test/staged-dump.ts';

/** The dump on the source (dump.sh), with the hosts' programs played. */
let staged: StagedDump;
beforeEach(() => {
  staged = stageDump();
});
afterEach(() => staged[Symbol.dispose]());

/** A CRIU in mid-dump, which ends where its images find no more room: give-up's way of ending it. */
const criuDumps = '(until [ -e no-room ]; do sleep 0.01; done; exit 1) & wait $! || { echo "criu failed: type NOTIFY"; exit 1; }';
const noRoom = ': >no-room';

/** How it ended, as whoever started it is told. */
const endings = () => staged.marks().filter((mark) => /^dump\.(?:failed|let-go|stuck|go)\b/.test(mark));

test('a dump that goes well: frozen, the link cut, go said', async () => {
  staged.program('runc', `${criuAsks}; : >images/pages-1.img`);
  expect(await staged.start('dump')).toMatchObject({ status: 0, stderr: '' });
  expect(endings()).toEqual(['dump.go']);
  expect(staged.read('freezer')).toBe('FROZEN');
  expect(staged.read('ip')).toBe('link set dev veth1 down\n');
  await expect.poll(() => staged.read('far/said'), { timeout: 20_000 }).toBe('go\n');
});

test('what sends the images is slow to begin: it still gets their names', async () => {
  staged.program('tar', `PATH=\${PATH#*:}; sleep 1; exec tar "$@"`);
  writeFileSync(join(staged.root, 'far/unpack'), 'echo listening; tar -tf - >unpacked\n');
  staged.program('runc', `${criuAsks}; : >images/pages-1.img`);
  expect(await staged.start('dump')).toMatchObject({ status: 0, stderr: '' });
  await expect.poll(() => staged.read('far/unpacked'), { timeout: 20_000 }).toBe('pages-1.img\n');
});

describe('a destination that goes away while the container stands still: that is told, once', { timeout: 60_000 }, () => {
  const goneLater = `echo listening; until [ -e gone ]; do sleep 0.01; done; echo 'Timeout, server b not responding.' >&2\n`;
  const told = ['dump.failed the destination does not answer any more: Timeout, server b not responding.'];
  beforeEach(() => writeFileSync(join(staged.root, 'far/receive'), goneLater));

  test('and CRIU would go on: it is ended, and the container goes on', async () => {
    staged.program('mount', noRoom);
    staged.program('runc', `${criuAsks}; : >${staged.root}/far/gone; ${criuDumps}`);
    expect(await staged.start('dump')).toMatchObject({ status: 1 });
    expect(endings()).toEqual(told);
    expect(staged.read('freezer')).toBe('THAWED');
    expect(staged.read('ip')).toBe('link set dev veth1 down\nlink set dev veth1 up\n');
  });

  test('and CRIU fails by that before anybody has looked', async () => {
    const untilGone = `while kill -0 $(<${staged.root}/far/receiver-pid); do sleep 0.01; done 2>/dev/null`;
    staged.program('runc', `${criuAsks}; : >${staged.root}/far/gone; ${untilGone}; echo "criu failed: type NOTIFY"; exit 1`);
    expect(await staged.start('dump')).toMatchObject({ status: 1 });
    expect(endings()).toEqual(told);
  });
});

test('past its limit, and CRIU does not end: that is told at once, and nothing else later; the container goes on when CRIU has ended', async () => {
  staged.settings('limit_s=0.200000 end_s=1');
  staged.program('mount', 'exit 32');
  staged.program('runc', `${criuAsks}; (until [ -e end ]; do sleep 0.01; done) & wait; echo "criu failed: type NOTIFY"; exit 1`);
  const ended = staged.start('dump');
  const stuck = 'dump.stuck it was to be given up (too-long), and CRIU does not end';
  await expect.poll(endings, { timeout: 20_000 }).toEqual([stuck]);
  expect(staged.read('freezer')).toBe('FROZEN');
  writeFileSync(join(staged.folder, 'end'), '');
  expect(await ended).toMatchObject({ status: 1 });
  expect(endings()).toEqual([stuck]);
  expect(staged.marks().at(-1)).toBe('give-up.thawed');
  expect(staged.read('freezer')).toBe('THAWED');
  expect(staged.read('ip')).toBe('link set dev veth1 down\nlink set dev veth1 up\n');
});

test('what fails with the destination there is told as it is', async () => {
  staged.program('runc', `${criuAsks}; echo "criu failed: type NOTIFY"; exit 1`);
  expect(await staged.start('dump')).toMatchObject({ status: 1 });
  expect(endings()).toEqual(['dump.failed runc checkpoint: criu failed: type NOTIFY']);
});
