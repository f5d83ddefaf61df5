import { beforeAll, describe, expect, test } from 'vitest';
import type { StrategyName } from '../../src/migrate/strategies/names.ts';
import { playDelays } from '../delays/play.ts';
import { delayTable, isRight } from '../delays/table.ts';
import { prepareHosts } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

const isAll = process.env.TRANSSHIP_FAULTS === 'all';
const strategies: readonly StrategyName[] = ['docker', 'diskless', 'post-copy'];

describeOnHosts('delays that were put in', 'delays', (hosts) => {
  let image = '';
  beforeAll(async () => {
    image = await prepareHosts(hosts());
  }, 600_000);

  describe.each(isAll ? [20, 50, 200] : [50])('of %i ms', (ms) => {
    test.each(strategies)('%s: of each at least 0.95 stands on the leaf of what was held up', async (strategy) => {
      const { rows } = await playDelays(hosts(), image, { strategy, ms });
      expect(
        rows.filter((row) => !isRight(row)),
        delayTable(rows),
      ).toEqual([]);
    });
  });
});
