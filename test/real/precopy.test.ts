import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import { journalRecord } from '../../src/evidence/record-schemas.ts';
import { runFiles } from '../../src/evidence/run-folder.ts';
import { hybridSteps } from '../../src/migrate/strategies/hybrid.ts';
import { preCopySteps } from '../../src/migrate/strategies/pre-copy.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { builtProgram, transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { counts, remains, startCounter } from '../host-faults.ts';
import { killAt } from '../killed-controller.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';

const chains = [
  ['pre-copy', preCopySteps, 'cold'],
  ['hybrid', hybridSteps, 'post-copy'],
] as const;

describeOnHosts('rounds before the dump', 'precopy', (hosts) => {
  let hasSoftDirty = false;

  beforeAll(async () => {
    const { a, b } = hosts();
    await installRuntime(b);
    hasSoftDirty = (await a.shell.run('criu check --feature mem_dirty_track')).exitCode === 0;
  }, 600_000);

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -fv $(docker ps -aq)', { timeoutMs: 60_000 });
  });

  const state = () => onHost(hosts().a, "docker inspect -f '{{.State.Status}} {{.State.Pid}} {{.State.Paused}}' counter");
  const counted = async () => Number(await onHost(hosts().a, 'docker exec counter cat /counter'));

  async function expectItCounts(): Promise<void> {
    const before = await counted();
    await onHost(hosts().a, 'sleep 0.2');
    expect(await counted()).toBeGreaterThan(before);
  }

  test.each(chains)(
    '%s moves where the kernel tracks changed pages; elsewhere it is refused, and nothing is touched',
    async (strategy) => {
      const { a, b } = hosts();
      await startCounter(a);
      const before = { a: await remains(a), b: await remains(b), state: await state() };
      if (hasSoftDirty) {
        const { manifest, folder } = await moveIt(hosts(), {
          container: 'counter',
          options: { strategy, preCopy: { maxRounds: 3 } },
        });
        expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
        const notes = readRecords(join(folder.path, runFiles.journal), journalRecord).filter(({ event }) => event === 'note');
        const { spans } = loadTrace(folder);
        expect(notes.length).toBeGreaterThan(0);
        expect(spans.filter(({ name }) => name === 'criu.pre-dump')).toHaveLength(notes.length);
        return;
      }
      await expect(moveIt(hosts(), { container: 'counter', options: { strategy } })).rejects.toMatchObject({
        code: 'not-ready',
        message: expect.stringMatching(
          /^a: kernel \S+ does not track changed pages \(soft-dirty\), so there can be no pre-copy \(criu check: \S.*\)$/,
        ),
        hint: expect.stringMatching(/CONFIG_MEM_SOFT_DIRTY=y.*--strategy diskless or post-copy$/),
      });
      expect({ a: await remains(a), b: await remains(b), state: await state() }).toEqual(before);
      await expectItCounts();
    },
  );

  test.each(chains)(
    '%s: a first round that fails is the end of the move, and the container goes on',
    async (_, steps, planned) => {
      if (hasSoftDirty) return; // it does not fail there
      const { a, b } = hosts();
      await startCounter(a);
      const before = { a: await remains(a), b: await remains(b), state: await state() };
      const { manifest, folder } = await moveIt(hosts(), { container: 'counter', options: { strategy: planned }, steps });
      expect(manifest).toMatchObject({
        outcome: 'rolled-back',
        error: {
          step: 'pre-dump',
          message: expect.stringMatching(/^pre-dump 1 on a: runc checkpoint --pre-dump: .*missing features/),
        },
      });
      expect(loadTrace(folder).spans.find(({ name }) => name === 'runc.pre-dump')).toMatchObject({
        status: 'error',
        attributes: { 'migration.iteration': 1 },
      });
      expect({ a: await remains(a), b: await remains(b), state: await state() }).toEqual(before);
      await expectItCounts();
    },
  );

  test.each(chains)('%s: what comes after the rounds moves it, also without any', async (_, steps, planned) => {
    const { a, b } = hosts();
    await startCounter(a);
    const { manifest } = await moveIt(hosts(), {
      container: 'counter',
      options: { strategy: planned },
      steps: steps.filter(({ name }) => name !== 'pre-dump'),
    });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await onHost(b, "docker inspect -f '{{.State.Status}}' counter")).toBe('running');
  });

  const killed = [
    ['pre-copy', 'pre-dump', 'rolled-back'],
    ['pre-copy', 'hand-over', 'migrated'],
    ['hybrid', 'dump', 'rolled-back'],
    ['hybrid', 'residual', 'migrated'],
  ] as const;
  const tried = killed.filter(([, step]) => process.env.TRANSSHIP_FAULTS === 'all' || step === 'hand-over');

  test.each(tried)('%s: a controller killed in step %s is recovered', async (strategy, step, outcome) => {
    const { a, b } = hosts();
    await startCounter(a, '', 60);
    const from = await counted();
    const before = { a: await remains(a), b: await remains(b) };
    const run = `${strategy}-${step}`;
    const isWhole = step === 'pre-dump' || hasSoftDirty ? '1' : '0';
    const controller = builtProgram('test/fixtures/killed-rounds.js', [run, strategy, isWhole]);
    await killAt(controller, run, new RegExp(`"step":"${step}".*"event":"begin"`));
    const { exitCode, stderr } = await transship(['recover', run]);
    const isThere = outcome === 'migrated';
    expect(exitCode, stderr).toBe(isThere ? 0 : 1);
    expect(await counts(isThere ? b : a, from)).toBe(true);
    expect(await onHost(isThere ? a : b, 'docker ps -aq')).toBe('');
    for (const host of [a, b]) expect(await onHost(host, 'ls -A /run/transship 2>/dev/null; true')).toBe('');
    if (!isThere) expect({ a: await remains(a), b: await remains(b) }).toEqual(before);
  });

  test('after a post-copy move it is told how many pages have come, of how many, and how fast', async () => {
    await startCounter(hosts().a, '', 300);
    const lines: string[] = [];
    const { manifest } = await moveIt(hosts(), {
      container: 'counter',
      options: { strategy: 'post-copy' },
      onProgress: (line) => void lines.push(line),
    });
    expect(manifest).toMatchObject({ outcome: 'migrated' });
    const memory = lines.filter((line) => line.startsWith('memory: '));
    const [, come, total] = /^memory: (\d+) of (\d+) pages have come, \d+\.\d MB, \d+\.\d MB\/s$/.exec(memory.at(-1) ?? '') ?? [];
    expect(Number(total)).toBeGreaterThan((300 << 20) / 4096);
    expect(come).toBe(total);
    const under = memory.map((line) => Number(/^memory: (\d+)/.exec(line)?.[1])).filter((pages) => pages < Number(total));
    expect(under.length, memory.join('\n')).toBeGreaterThan(0);
    expect(under).toEqual([...under].sort((one, other) => one - other));
  });
});
