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
  { strategy: 'post-copy', moment: 'rest', fault: 'lazy-pages daemon killed' },
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
});
