import { beforeAll, expect, test } from 'vitest';
import { installRuntime } from '../../src/wrap/install.ts';
import { playCell } from '../faults/cell.ts';
import { type Cell, faults } from '../faults/faults.ts';
import { wordsOf } from '../faults/table.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** Those of the table that have found the most; all of it: `npm run bench:faults`. */
const cells: readonly Cell[] = [
  { strategy: 'docker', moment: 'dump', fault: 'dockerd killed on the source' },
  { strategy: 'docker', moment: 'restore', fault: 'dockerd killed on the destination' },
  { strategy: 'diskless', moment: 'dump', fault: 'runc checkpoint killed' },
  { strategy: 'cold', moment: 'restore', fault: 'CRIU killed in the restore' },
  { strategy: 'diskless', moment: 'verify', fault: 'ssh killed to a host' },
  { strategy: 'cold', moment: 'before', fault: "the source's clock put back by an hour" },
  { strategy: 'cold', moment: 'way', fault: 'page with a wrong byte' },
];

describeOnHosts('a fault in a move', 'fault-table', (hosts) => {
  beforeAll(async () => {
    await installRuntime(hosts().b);
  });

  test.each(cells.map((cell) => [wordsOf(cell), cell] as const))(
    '%s: one live copy, and it is told where',
    async (_name, cell) => {
      expect(faults).toHaveProperty([cell.fault]);
      const { wrong, printed } = await playCell(hosts(), cell);
      expect(wrong, printed).toEqual([]);
    },
  );

  test.each([
    [
      'its link is cut, and mended: the way on, as it is printed, ends there with all of its memory',
      'network cut between the hosts',
      'migrated',
    ],
    ['its page daemon is killed: the way back is the one that is printed', 'lazy-pages daemon killed', 'rolled-back'],
  ])('memory still to come, and %s', async (_name, fault, end) => {
    const { wrong, outcomes, left, printed } = await playCell(hosts(), { strategy: 'post-copy', moment: 'rest', fault });
    expect(wrong, printed).toEqual([]);
    expect({ outcomes, left }).toEqual({ outcomes: ['halves-kept', end], left: [] });
  });
});
