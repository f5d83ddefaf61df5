import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import type { JournalRecord } from '../../src/evidence/records.ts';
import { type RunFolder, runFiles } from '../../src/evidence/run-folder.ts';
import { parseCriuLog } from '../../src/layers/criu/parse-criu-log.ts';
import type { StopLimits } from '../../src/migrate/direct/stop-rule.ts';
import type { StrategyName } from '../../src/migrate/strategies/names.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { readTestbed } from '../../vm/testbed-state.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
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

describe('a pair of kernel and CRIU that does not work', () => {
  describeOnHosts(
    'CRIU 4.1 on a kernel from 6.16 on',
    'vm-cell',
    (hosts) => {
      test('a dump of a process with a socket fails in the phase and for the cause that is known, and the container goes on', async () => {
        const { a, b } = hosts();
        await installRuntime(b);
        await startWriter(a, 'listening');
        const moving = moveIt(hosts(), { container: 'writer', options: { strategy: 'cold' } });
        await expect(moving).rejects.toMatchObject({
          code: 'not-ready',
          message: expect.stringMatching(/CRIU 4\.1\.\d+ on kernel .*: any INET socket fails the dump/),
        });
        const tried = await a.shell.run('docker checkpoint create --leave-running writer c1', { timeoutMs: 240_000 });
        expect(tried.exitCode).not.toBe(0);
        const parsed = await parseCriuLog(Buffer.from(await onHost(a, 'cat /var/lib/transship/criu/dump.log')));
        expect(parsed).toMatchObject({
          outcome: 'failed',
          failure: { cause: expect.stringMatching(/^CRIU before 4\.2 cannot dump TCP sockets/) },
        });
        expect(await onHost(a, "docker inspect -f '{{.State.Status}}' writer")).toBe('running');
      });
    },
    { vm: { ...vm, kernel: 'testing' }, packages: 'debian13-plain' },
  );
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
