import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { createRun, packageRoot, writeManifest } from '../src/evidence/run-folder.ts';

/** A place for runs with one in it, `r1`, that left no evidence: its trace is the root span alone. `using` removes it. */
export function runWithNothing() {
  const root = mkdtempSync(join(tmpdir(), 'transship-test-'));
  writeManifest(createRun('r1', root), {
    ...{ schema: 'transship.run/1', run: 'r1', kind: 'migration', traceId: 'ab'.repeat(16), transship: '0.1.0' },
    ...{ createdNs: '1795000000123456789', endedNs: '1795000000223456789', strategy: 'docker', container: null },
    ...{ hosts: { source: null, destination: null }, clocks: [], outcome: null, error: null, warnings: [], probes: [] },
    bytes: { images: null, pages: null, layer: null, volumes: null },
  });
  writeFileSync(join(root, 'a-file'), '');
  return {
    root,
    /** The built command, in that folder; it sees no OTEL_* but what is given. */
    transship: (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      execa('node', [join(packageRoot(), 'dist/src/cli/main.js'), ...args], {
        cwd: root,
        env: { PATH: process.env.PATH, TRANSSHIP_TRACES: root, ...env },
        extendEnv: false,
        reject: false,
        timeout: 20_000,
      }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}
