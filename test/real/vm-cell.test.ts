import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runFiles } from '../../src/evidence/run-folder.ts';
import { missingForTestbed, missingForVms } from '../../vm/prerequisites.ts';
import { builtProgram } from '../built-command.ts';

const missing = [...missingForTestbed(), ...missingForVms()];

/** One cell in `npm test`; all of them: `npm run -s bench:matrix`. */
describe.skipIf(missing.length > 0)(`transship matrix ${missing.join('; ')}`, () => {
  const traces = mkdtempSync(join(tmpdir(), 'transship-runs-'));
  afterAll(() => rmSync(traces, { recursive: true }));

  test('a cell that does not work is told with the failing phases and the cause that is known, and not played again', async () => {
    const words = ['matrix', '--kernels', 'testing', '--crius', '4.1', '--format', 'json'];
    const play = () => builtProgram('src/cli/main.js', words, { TRANSSHIP_TRACES: traces }, 580_000);
    const { stdout, stderr, exitCode } = await play();
    expect(exitCode, stderr).toBe(0); // as vm/versions.ts knows it
    const { cells } = JSON.parse(stdout);
    expect(cells).toHaveLength(1);
    const [{ phases, failures, run, versions }] = cells;
    expect(versions).toMatchObject({ kernel: expect.stringMatching(/^7\./), criu: expect.stringMatching(/^4\.1\./) });
    expect(phases.slice(0, 4).map((phase: { name: string; isOk: boolean }) => [phase.name, phase.isOk])).toEqual(
      ['boot', 'check', 'bridge.run', 'bridge.pre-dump'].map((name) => [name, true]),
    );
    expect(failures.map(({ phase }: { phase: string }) => phase)).toEqual(['bridge.checkpoint', 'host.checkpoint']);
    expect(failures[1]).toMatchObject({
      message: expect.stringContaining("Can't get 1:16 opt"),
      cause: expect.stringMatching(/^CRIU before 4\.2 cannot dump TCP sockets/),
    });
    expect(existsSync(join(traces, run, runFiles.manifest))).toBe(true);
    expect((await play()).stdout).toBe(stdout);
  });
});
