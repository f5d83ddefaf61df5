import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import type { JournalRecord } from '../../src/evidence/records.ts';
import { type RunFolder, runFiles } from '../../src/evidence/run-folder.ts';
import { lookOver } from '../../src/hosts/doctor.ts';
import type { StopLimits } from '../../src/migrate/direct/stop-rule.ts';
import { plan } from '../../src/migrate/plan.ts';
import type { StrategyName } from '../../src/migrate/strategies/names.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { missingForTestbed, missingForVms } from '../../vm/prerequisites.ts';
import { readTestbed } from '../../vm/testbed-state.ts';
import { builtProgram } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { moveIt, usualOptions } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';
import { pages, startWriter, type Writer } from '../writer.ts';

const vm = { kernel: '6.12', cpus: 1, memoryMib: 1024 };

/** Those besides the first of each are for `TRANSSHIP_FAULTS=all`: a CI run has six minutes for this file. */
const isAll = process.env.TRANSSHIP_FAULTS === 'all';

interface Round {
  readonly iteration: number;
  readonly pagesWritten: number;
  readonly pagesSkipped: number;
}

describeOnHosts(
  'virtual machines with soft-dirty',
  'vm',
  (hosts) => {
    beforeAll(async () => {
      await installRuntime(hosts().b);
    });

    afterEach(async () => {
      for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -fv $(docker ps -aq)', { timeoutMs: 120_000 });
    });

    const move = async (strategy: StrategyName, writer: Writer, preCopy: Partial<StopLimits> = {}) => {
      await startWriter(hosts().a, writer);
      const { manifest, folder } = await moveIt(hosts(), { container: 'writer', options: { strategy, preCopy } });
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(await onHost(hosts().b, 'docker exec writer cat /first && echo && docker exec writer cat /passes')).toMatch(
        /^1\n\d+$/, // the same process as on the source, and it goes on
      );
      return { manifest, rounds: roundsOf(folder), folder };
    };

    test('each has a kernel of its own, and it is told what they are made of', async () => {
      const { versions, kind } = readTestbed() ?? {};
      expect(kind).toBe('vm');
      expect(versions?.kernel).toMatch(/^6\.12\.\d+.*-cloud-amd64$/);
      for (const host of [hosts().a, hosts().b]) {
        expect(await onHost(host, 'uname -r')).toBe(versions?.kernel);
        expect(await onHost(host, 'criu check --feature mem_dirty_track && hostname')).toContain(host.name);
        expect(await onHost(host, 'criu --version')).toContain(versions?.criu);
      }
    });

    test('doctor names what sets a floor to pre-copy, and finds how the kernel was built', async () => {
      const rows = await lookOver([hosts().a], {});
      const row = (name: string) => rows.find((one) => one.name === name);
      expect(row('huge-pages')).toMatchObject({ status: 'warn', found: 'transparent huge pages are always on' });
      expect(row('kernel-options')).toMatchObject({ status: 'ok' });
      expect(row('soft-dirty')).toMatchObject({ status: 'ok' });
    });

    test('auto refuses rounds for a container that writes at random, by what it sees of its pages', async () => {
      const { a, b } = hosts();
      await startWriter(a, 'random');
      const options = { ...usualOptions, strategy: 'auto' } as const;
      const { survey } = await plan({ container: 'writer', source: a, destination: b, options });
      const obstacles = (name: string) => survey.candidates.find(({ strategy }) => strategy === name)?.obstacles?.join('; ');
      for (const name of ['pre-copy', 'hybrid'])
        expect(obstacles(name)).toMatch(/^rounds would not pay: \d+ of \d+ pages changed in 1 s, and some \d+ would/);
      expect(survey.taken).toBe('diskless');
    });

    test('pre-copy of a hot set: later rounds write what changed and skip the rest; each is a span, linked to the one before', async () => {
      const { rounds, folder, manifest } = await move('pre-copy', 'hot');
      const [first, ...later] = rounds;
      expect(first).toMatchObject({ iteration: 1, pagesSkipped: 0 });
      expect(first?.pagesWritten).toBeGreaterThan(pages.all);
      expect(later.length).toBeGreaterThan(0);
      for (const { pagesWritten, pagesSkipped } of later) {
        expect(pagesWritten).toBeGreaterThanOrEqual(pages.hot);
        expect(pagesWritten).toBeLessThan(pages.all / 4);
        expect(pagesSkipped).toBeGreaterThan(pages.all / 2);
      }
      expect(stopReason(folder)).toMatch(/^round \d wrote \d+ pages, no more than the 2560 that may be left$/);
      expect(manifest.warnings.join()).toContain('transparent huge pages are always on');
      const { spans } = loadTrace(folder);
      const dumps = spans.filter(({ name }) => name === 'criu.pre-dump' || name === 'criu.dump');
      expect(dumps.map(({ name }) => name)).toEqual([...rounds.map(() => 'criu.pre-dump'), 'criu.dump']);
      for (const [index, { links }] of dumps.entries())
        expect(links.map(({ spanId }) => spanId)).toEqual(index === 0 ? [] : [dumps[index - 1]?.spanId]);
      const written = dumps.slice(0, -1).map(({ attributes }) => attributes['criu.stats.pages_written']);
      expect(written).toEqual(rounds.map(({ pagesWritten }) => pagesWritten));
    });

    test('post-copy: it runs there before its memory has come, and all of it comes', async () => {
      const { folder } = await move('post-copy', 'hot');
      const restored = loadTrace(folder).spans.find(({ name }) => name === 'criu.restore')?.attributes[
        'criu.stats.pages_restored'
      ];
      expect(Number(restored)).toBeLessThan(pages.all / 10);
      expect(Number(endOf(folder, 'residual').pages)).toBeGreaterThan(pages.all);
    });

    test.runIf(isAll)('pre-copy of a random writer: rounds stop as they do not shrink, and it is said', async () => {
      const { rounds, folder } = await move('pre-copy', 'random', { pagesLeft: pages.hot });
      expect(rounds.at(-1)?.pagesWritten).toBeGreaterThan(pages.all / 4);
      expect(stopReason(folder)).toMatch(/% of the \d+ before: what is left does not shrink$/);
    });

    test.runIf(isAll)('hybrid: rounds, and what is left follows', async () => {
      const { rounds } = await move('hybrid', 'hot');
      expect(rounds.length).toBeGreaterThan(1);
    });
  },
  { vm },
);

const missing = [...missingForTestbed(), ...missingForVms()];

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

function journalOf(folder: RunFolder): readonly JournalRecord[] {
  return readRecords<JournalRecord>(join(folder.path, runFiles.journal));
}

function roundsOf(folder: RunFolder): readonly Round[] {
  return journalOf(folder)
    .filter(({ step, event }) => step === 'pre-dump' && event === 'note')
    .map(({ detail }) => detail as unknown as Round);
}

function endOf(folder: RunFolder, name: string): Readonly<Record<string, unknown>> {
  return journalOf(folder).find(({ step, event }) => step === name && event === 'end')?.detail ?? {};
}

function stopReason(folder: RunFolder): string {
  return String(endOf(folder, 'pre-dump').stopped);
}
