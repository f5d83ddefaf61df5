import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../evidence/run-folder.ts';
import { readCriuEvidence } from './evidence.ts';

const source = join(packageRoot(), 'traces/sample-layers/evidence/a');

test('the clocks of a container that was moved before are not those of its host: its dump is dated by files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moved-before-'));
  try {
    cpSync(source, folder, { recursive: true });
    const meansOf = () => readCriuEvidence(folder).logs.find(({ name }) => name === 'dump.log')?.anchor.means;
    expect(meansOf()).toBe('boot time in the timens image');
    const images = join(folder, 'criu');
    expect(readdirSync(images)).toContain('timens-0.img');
    renameSync(join(images, 'timens-0.img'), join(images, 'timens-13.img'));
    expect(meansOf()).toMatch(/time of|birth of/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
