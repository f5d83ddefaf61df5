import { beforeAll, describe, expect, test } from 'vitest';
import { delayedMoves, playDelays } from '../delays/play.ts';
import { delayLines, isRight } from '../delays/table.ts';
import { prepareHosts } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** `npm test` holds up CRIU in one move; TRANSSHIP_FAULTS=all everybody, for 20, 50 and 200 ms, as `npm run -s bench:delays` does. */
const isAll = process.env.TRANSSHIP_FAULTS === 'all';
const moves = delayedMoves.filter(({ strategy }) => isAll || strategy === 'diskless');

describeOnHosts('delays that were put in', 'delays', (hosts) => {
  let image = '';
  beforeAll(async () => {
    image = await prepareHosts(hosts());
  }, 600_000);

  describe.each(isAll ? [20, 50, 200] : [50])('of %i ms', (ms) => {
    test.each(moves)('$strategy, move $move: of each at least 0.95 stands on the leaf of what was held up', async (move) => {
      const { rows } = await playDelays(hosts(), image, { ...move, ms });
      expect(
        rows.filter((row) => !isRight(row)),
        delayLines(rows),
      ).toEqual([]);
    });
  });
});
