import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { criuAsks, type StagedDump, stageDump } from '../../test/staged-dump.ts';

/** The source's clock is set while its container is dumped (dump.sh). Files have their times of the machine's own clock, which nobody sets here. */
let staged: StagedDump;
let bootS = 0;
beforeEach(() => {
  staged = stageDump();
  bootS = Date.now() / 1e3 - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  staged.settings(`layers=(${staged.root}/data)\n${shiftedClock(bootS)}`);
  staged.settings('set -T; trap tell_time DEBUG; tell_time');
  writeFileSync(join(staged.folder, 'copy'), `find ${staged.root}/data -type f -newerct "@$since" >>${staged.root}/copied\n`);
});
afterEach(() => staged[Symbol.dispose]());

/** bash's own clock no more, but one that is wrong by as many seconds as a file says at the moment. */
const shiftedClock = (boot: number) => `
unset EPOCHREALTIME
tell_time() {
  local up wrong_s us
  read -r up _ </proc/uptime
  read -r wrong_s <${staged.root}/wrong
  us=$((10#\${up/./} * 10000 + ${Math.round(boot * 1e6)} + wrong_s * 1000000))
  EPOCHREALTIME=\${us:0:-6}.\${us: -6}
}`;

const setClock = (wrongS: number) => writeFileSync(join(staged.root, 'wrong'), `${wrongS}\n`);
const setClockThere = (wrongS: number) => `echo ${wrongS} >${staged.root}/wrong`;
const writeThere = (name: string) => `: >${staged.root}/data/${name}`;
const copied = () =>
  staged
    .read('copied')
    .split('\n')
    .slice(0, -1)
    .map((path) => path.replace(/^.*\//, ''));

const hour = 3600;

/** What is written keeps the time of the machine's clock: the new one where that was put back, the old one where it was put forward. */
describe.each([
  ['put back', hour, 0],
  ['put forward', 0, hour],
  ['not set', 0, 0],
])('the clock is %s by an hour', { timeout: 60_000 }, (_, before, after) => {
  test('before the dump: what was written since then is copied', async () => {
    const since = Date.now() / 1e3 - 60 + before;
    staged.settings(`since=${since.toFixed(3)} booted=${(bootS + before).toFixed(3)}`);
    setClock(after);
    writeFileSync(join(staged.root, 'data/since'), '');
    staged.program('runc', `${criuAsks}; : >images/pages-1.img`);
    expect(await staged.start('dump')).toMatchObject({ status: 0, stderr: '' });
    expect(copied()[0]).toBe('since');
  });

  test('between the last copy before the freeze and the one after it: what was written since then is copied', async () => {
    staged.settings(`since=0.000 booted=${(bootS + before).toFixed(3)}`);
    setClock(before);
    writeFileSync(join(staged.root, 'data/early'), '');
    staged.program('runc', `${setClockThere(after)}; sleep 0.2; ${writeThere('late')}; ${criuAsks}; : >images/pages-1.img`);
    expect(await staged.start('dump')).toMatchObject({ status: 0, stderr: '' });
    expect(staged.marks()).toContain('dump.files-copied');
    expect(copied()).toContain('late');
  });
});

describe('the clock is set while the container stands still', { timeout: 60_000 }, () => {
  const criuDumps = '(until [ -e no-room ]; do sleep 0.01; done; exit 1) & wait $!';
  beforeEach(() => {
    staged.settings('layers=()');
    staged.program('mount', ': >no-room');
    setClock(0);
  });

  test.each([-hour, hour])('by %i s: its limit is the same, and so is what is told of it', async (wrong) => {
    staged.settings('limit_s=0.500000');
    staged.program('runc', `${criuAsks}; ${setClockThere(wrong)}; ${criuDumps}`);
    const began = performance.now();
    expect(await staged.start('dump')).toMatchObject({ status: 1 });
    const lastedMs = performance.now() - began;
    const [, saidUs] = /^dump\.let-go (\d+)$/m.exec(staged.marks().join('\n')) ?? [];
    expect(Number(saidUs) / 1e3).toBeGreaterThanOrEqual(500);
    expect(Number(saidUs) / 1e3).toBeLessThan(lastedMs + 20);
    expect(staged.marks().filter((mark) => mark.startsWith('dump.failed'))).toEqual([]);
    expect(staged.read('freezer')).toBe('THAWED');
  });

  test('forward by more than its limit: it goes on', async () => {
    staged.settings('limit_s=600.000000');
    staged.program('runc', `${criuAsks}; ${setClockThere(hour)}; sleep 1.5; : >images/pages-1.img`);
    expect(await staged.start('dump')).toMatchObject({ status: 0 });
    expect(staged.marks()).toContain('dump.go');
  });
});
