import { beforeAll, expect, test } from 'vitest';
import { installRuntime } from '../../src/wrap/install.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { playUntilStruck } from '../faults/cell.ts';
import { type Cell, faults } from '../faults/faults.ts';
import { copiesOn, memoryOf } from '../faults/state.ts';
import { wordsOf } from '../faults/table.ts';
import { counterName, doAtOnce, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnce } from '../two-hosts.ts';

/** Those of the table that have found the most; all of it: `npm run bench:faults`. */
const cells: readonly Cell[] = [
  { strategy: 'docker', moment: 'dump', fault: 'dockerd killed on the source' },
  { strategy: 'docker', moment: 'restore', fault: 'dockerd killed on the destination' },
  { strategy: 'diskless', moment: 'dump', fault: 'runc checkpoint killed' },
  { strategy: 'cold', moment: 'restore', fault: 'CRIU killed in the restore' },
  { strategy: 'diskless', moment: 'verify', fault: 'ssh killed to a host' },
  { strategy: 'cold', moment: 'before', fault: "the source's clock put back by an hour" },
  { strategy: 'cold', moment: 'way', fault: 'page with a wrong byte' },
  { strategy: 'post-copy', moment: 'way', fault: 'network cut between the hosts' },
];

describeOnce('a fault in a move', 'fault-table', (hosts) => {
  beforeAll(async () => {
    await installRuntime(hosts().b);
  });

  test.each(cells.map((cell) => [wordsOf(cell), cell] as const))(
    '%s: one live copy, and it is told where',
    async (_name, cell) => {
      expect(faults).toHaveProperty([cell.fault]);
      const { wrong, printed } = await playUntilStruck(hosts(), cell);
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
    const { wrong, outcomes, left, printed } = await playUntilStruck(hosts(), { strategy: 'post-copy', moment: 'rest', fault });
    expect(wrong, printed).toEqual([]);
    expect({ outcomes, left }).toEqual({ outcomes: ['halves-kept', end], left: [] });
  });

  test('its page daemon is killed, and nobody holds it for a while: what has not come is waited for, and never read as zeros', async () => {
    const { a, b } = hosts();
    await startCounter(a, '', 400);
    const looked: string[] = [];
    // the controller stands still meanwhile, as this waits; the container is asked whether its two copies of its memory are the same
    const killAndAsk = `pkill -9 -f '^criu lazy-pages' || exit; p=$(docker inspect -f '{{.State.Pid}}' ${counterName})
      kill -USR1 $p; sleep 3; ls /proc/$p/root/memory 2>/dev/null || grep -q perl /proc/$p/comm && echo waits; cat /run/transship/transship-*/marks`;
    const { folder, manifest } = await moveIt(hosts(), {
      container: counterName,
      options: { strategy: 'post-copy' },
      onStep: ({ step, state }) => {
        // so that pages are still to come when it is killed
        if (step === 'verify' && state === 'begin') doAtOnce(b, "pkill -STOP -f '^criu lazy-pages'");
        if (step === 'residual' && state === 'begin') looked.push(doAtOnce(b, killAndAsk));
      },
    });
    expect(looked.join()).toMatch(/^waits\n[\s\S]* pages\.held 1\n/);
    expect(manifest.outcome).toBe('halves-kept');
    const { exitCode, stderr } = await transship(['recover', folder.run, '--go-back']);
    expect(exitCode, stderr).toBe(1);
    const [copy] = await copiesOn(a);
    expect(copy?.isLive && (await memoryOf(a, copy))).toBe('right');
    expect(await onHost(b, 'docker ps -aq; pgrep -fa hold-pages; ls -A /run/transship 2>/dev/null; true')).toBe('');
    await a.shell.run(`docker rm -f ${counterName}`, { timeoutMs: 60_000 });
  });
});
