import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../evidence/run-folder.ts';
import type { Host } from '../../hosts/host.ts';
import { unreachableHost } from '../../hosts/unreachable-host.ts';
import { type RecoverRequest, recover } from './recover.ts';

test('a run that another recovery has brought to its end, before it gave the lock back, is left as it is', async () => {
  const path = mkdtempSync(join(tmpdir(), 'transship-recover-'));
  const away = (name: string): Promise<Host> => unreachableHost(name, `test:${name}`, new Error('no route to host'));
  await using source = await away('a');
  await using destination = await away('b');
  try {
    copyFileSync(join(packageRoot(), 'traces/sample-redis/run.json'), join(path, 'run.json'));
    // looked at while that one was still at it
    const request = { folder: { run: 'r1', path }, manifest: { outcome: null }, kept: {}, source, destination, chosen: null };
    const manifest = await recover(request as unknown as RecoverRequest);
    expect(manifest.outcome).toBe('migrated');
    expect(readdirSync(path)).toEqual(['run.json']);
  } finally {
    rmSync(path, { recursive: true });
  }
});
