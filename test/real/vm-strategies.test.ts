import { afterEach, beforeAll, expect, test } from 'vitest';
import { lookOver } from '../../src/hosts/doctor.ts';
import { plan } from '../../src/migrate/plan.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { readTestbed } from '../../vm/testbed-state.ts';
import { onHost } from '../destination-state.ts';
import { usualOptions } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';
import { pages, startWriter } from '../writer.ts';
import { moveWriter, removeContainers, stopReason, writerVm } from '../writer-moves.ts';

const isAll = process.env.TRANSSHIP_FAULTS === 'all';

describeOnHosts(
  'virtual machines with soft-dirty, further',
  'vm-strategies',
  (hosts) => {
    beforeAll(async () => {
      await installRuntime(hosts().b);
    });
    afterEach(() => removeContainers(hosts()));

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

    test.runIf(isAll)('pre-copy of a random writer: rounds stop as they do not shrink, and it is said', async () => {
      const move = { strategy: 'pre-copy', writer: 'random', preCopy: { pagesLeft: pages.hot } } as const;
      const { rounds, folder } = await moveWriter(hosts(), move);
      expect(rounds.at(-1)?.pagesWritten).toBeGreaterThan(pages.all / 4);
      expect(stopReason(folder)).toMatch(/% of the \d+ before: what is left does not shrink$/);
    });

    test.runIf(isAll)('hybrid: rounds, and what is left follows', async () => {
      const { rounds } = await moveWriter(hosts(), { strategy: 'hybrid', writer: 'hot' });
      expect(rounds.length).toBeGreaterThan(1);
    });
  },
  { vm: writerVm },
);
