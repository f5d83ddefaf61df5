import { afterEach, beforeAll, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { describeOnHosts } from '../two-hosts.ts';
import { pages } from '../writer.ts';
import { endOf, moveWriter, removeContainers, stopReason, writerVm } from '../writer-moves.ts';

/** In `npm test`; the other strategies and what is looked at before a move: `npm test -- vm`. */
describeOnHosts(
  'virtual machines with soft-dirty',
  'vm',
  (hosts) => {
    beforeAll(async () => {
      await installRuntime(hosts().b);
    });
    afterEach(() => removeContainers(hosts()));

    test('pre-copy of a hot set: later rounds write what changed and skip the rest; each is a span, linked to the one before', async () => {
      const { rounds, folder, manifest } = await moveWriter(hosts(), { strategy: 'pre-copy', writer: 'hot' });
      const [first, ...later] = rounds;
      expect(first).toMatchObject({ iteration: 1, pagesSkipped: 0 });
      expect(first?.pagesWritten).toBeGreaterThan(pages.all);
      expect(later.length).toBeGreaterThan(0);
      for (const { pagesWritten, pagesSkipped } of later) {
        expect(pagesWritten).toBeGreaterThanOrEqual(pages.hot);
        expect(pagesWritten).toBeLessThan(pages.all / 2); // where huge pages are on, all of each that the hot ones lie in: 512, up to three
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
      const { folder } = await moveWriter(hosts(), { strategy: 'post-copy', writer: 'hot' });
      const restored = loadTrace(folder).spans.find(({ name }) => name === 'criu.restore')?.attributes[
        'criu.stats.pages_restored'
      ];
      expect(Number(restored)).toBeLessThan(pages.all / 10);
      expect(Number(endOf(folder, 'residual').pages)).toBeGreaterThan(pages.all);
    });
  },
  { vm: writerVm },
);
