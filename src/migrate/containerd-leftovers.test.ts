import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Host } from '../hosts/host.ts';
import { removeBrokenDumps, removeContainerdLeftovers } from './containerd-leftovers.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transship-leftovers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A host whose /tmp is a folder of the test's. */
function host(): Host {
  const run = async (script: string) => {
    const stdout = execFileSync('sh', ['-c', script.replaceAll('/tmp/', `${folder}/`)], { encoding: 'utf8' });
    return { exitCode: 0, stdout, stderr: '' };
  };
  return { shell: { run } } as unknown as Host;
}

function unpacked(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
}

test('a dump that was broken off goes; one that is whole, open to somebody, about to begin or being unpacked stays', async () => {
  unpacked('ctrd-checkpoint1', { 'core-1.img': '' });
  unpacked('ctrd-checkpoint2', { 'core-1.img': '', 'cgroup.img': 'of another' });
  unpacked('ctrd-checkpoint3', { 'core-1.img': '' });
  unpacked('ctrd-checkpoint4', {});
  unpacked('ctrd-checkpoint5', { 'inventory.img': '' });
  unpacked('ctrd-checkpoint6', { 'apparmor.img': '' });
  unpacked('mine', { 'core-1.img': '' });
  const open = openSync(join(folder, 'ctrd-checkpoint3/core-1.img'), 'r');
  try {
    await removeBrokenDumps(host());
  } finally {
    closeSync(open);
  }
  expect(readdirSync(folder).sort()).toEqual([
    'ctrd-checkpoint2',
    'ctrd-checkpoint3',
    'ctrd-checkpoint4',
    'ctrd-checkpoint5',
    'ctrd-checkpoint6',
    'mine',
  ]);
});

test('what was unpacked for a start of the container goes, and nobody else’s', async () => {
  unpacked('ctrd-checkpoint1', { 'cgroup.img': 'x/docker/abc' });
  unpacked('ctrd-checkpoint2', { 'cgroup.img': 'x/docker/def' });
  await removeContainerdLeftovers(host(), 'abc');
  expect(readdirSync(folder)).toEqual(['ctrd-checkpoint2']);
});
