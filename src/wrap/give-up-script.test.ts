import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type StagedDump, stageDump } from '../../test/staged-dump.ts';
import { hostFile } from './host-files.ts';

/** The way back on the source (give-up.sh), with an ss of our own. */
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-give-up-'));
  mkdirSync(join(root, 'bin'));
  for (const name of ['give-up', 'mark'] as const) writeFileSync(join(root, name), hostFile(name));
  writeFileSync(join(root, 'bin/ss'), `#!/bin/sh\necho "$*" >>${root}/asked\n`, { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true }));

test.each(['10.77.0.3', '[fd00::3]'])('the connection to the page server at %s is cut, and the container let go', (server) => {
  const ended = spawnSync('true');
  writeFileSync(join(root, 'runc-pid'), `${ended.pid}\n`);
  writeFileSync(join(root, 'marks'), '');
  writeFileSync(join(root, 'settings'), `freezer=${root}/freezer thawed=0 words=('--page-server' '${server}:20123')\n`);
  const env = { PATH: `${root}/bin:${process.env.PATH}` };
  const { stdout, status } = spawnSync('bash', [join(root, 'give-up'), root], { env, encoding: 'utf8', timeout: 30_000 });
  expect({ stdout, status }).toEqual({ stdout: 'thawed\n', status: 0 });
  expect(readFileSync(join(root, 'asked'), 'utf8')).toBe(`-K dst ${server} dport = :20123\n`);
  expect(readFileSync(join(root, 'freezer'), 'utf8')).toBe('0');
});

describe('a CRIU in mid-dump that does not end', { timeout: 60_000 }, () => {
  let staged: StagedDump;
  beforeEach(() => {
    staged = stageDump();
    staged.settings('end_s=1');
    writeFileSync(join(staged.root, 'freezer'), 'FROZEN');
    writeFileSync(join(staged.folder, 'marks'), '1.000000 dump.frozen\n');
    staged.program('mount', 'exit 32');
    // at its end it leaves the freezer as it had found it
    const untilTold = `until [ -e ${staged.root}/end ]; do sleep 0.01; done; printf FROZEN >${staged.root}/freezer`;
    staged.program('criu', `exec 3>images/pages-1.img; echo $$ >${staged.root}/criu-pid; ${untilTold}`);
    staged.program('runc', `${staged.root}/bin/criu & wait`);
  });
  afterEach(() => staged[Symbol.dispose]());

  const pids = async () => {
    const runc = staged.run('runc');
    writeFileSync(join(staged.folder, 'runc-pid'), `${runc}\n`);
    await expect.poll(() => staged.read('criu-pid'), { timeout: 20_000 }).toMatch(/\d\n/);
    return { runc, criu: Number(staged.read('criu-pid')) };
  };

  test.each([
    ['its runc waits for it', false],
    ['its runc was killed', true],
  ])('%s: the container stays frozen and cut, that is told, and the way back works once it has ended', async (_, isOrphan) => {
    const { runc, criu } = await pids();
    if (isOrphan) process.kill(runc, 'SIGKILL');
    const stuck = { status: 1, stdout: '', stderr: `CRIU does not end (process ${criu})\n` };
    for (const word of ['', 'after-go']) {
      expect(await staged.start('give-up', word)).toEqual(stuck);
      expect([staged.read('freezer'), staged.read('ip'), staged.marks()]).toEqual(['FROZEN', '', ['dump.frozen']]);
      expect(['decided', 'given-up'].map((file) => existsSync(join(staged.folder, file)))).toEqual([true, true]);
    }
    writeFileSync(join(staged.root, 'end'), '');
    expect(await staged.start('give-up', 'after-go')).toMatchObject({ status: 0, stdout: 'thawed\n' });
    expect([staged.read('freezer'), staged.read('ip')]).toEqual(['THAWED', 'link set dev veth1 up\n']);
    expect(staged.marks()).toEqual(['dump.frozen', 'give-up.thawed']);
  });
});
