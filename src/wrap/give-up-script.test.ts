import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
