import { expect, test } from 'vitest';
import { built, controller, criu, type Drawn, outline } from '../../test/drawn-layers.ts';
import { withCriuEdges } from './criu-edges.ts';

const run: readonly Drawn[] = [
  { key: 'migration', at: [0, 100] },
  { key: 'migration.checkpoint.pause', parent: 'migration', at: [5, 10], role: 'source', isWait: true },
  { key: 'migration.checkpoint.checkpoint', parent: 'migration', at: [10, 50], role: 'source', isWait: true },
  { key: 'migration.restore.start', parent: 'migration', at: [50, 90], role: 'destination', isWait: true },
];
const call: Drawn = { key: 'runc.criu.dump', at: [12, 46], service: 'runc', isWait: true, execUs: 2_000 };
const dump: readonly Drawn[] = [
  { key: 'criu.dump', at: [20, 40] },
  { key: 'criu.dump.mounts', parent: 'criu.dump', at: [20, 30], kind: 'until-next' },
  { key: 'criu.dump.cgroups', parent: 'criu.dump', at: [30, 40], kind: 'until-next' },
];
const restore: readonly Drawn[] = [
  { key: 'criu.restore', at: [60, 80] },
  { key: 'criu.restore.finish', parent: 'criu.restore', at: [80, 80] },
];
const tar: Drawn = { key: 'program tar', at: [22, 29], service: 'criu', isDetail: true };

/*
 * runc.criu.dump    12├──────────────────────────────┤46
 * exec                 14
 * log                       20├mounts┤30├cgroups┤40
 * tar                         22├──┤29
 */
test('before the log from exec on, after it to the end of the process', () => {
  const layers = [controller(run), { ...criu('source', [call]), service: 'runc' as const }, criu('source', dump)];
  expect(outline(built(withCriuEdges(layers))).filter((line) => /criu/.test(line))).toEqual([
    '    runc.criu.dump 12-46',
    '      criu.start 14-20',
    '      criu.dump 20-40',
    '        criu.dump.mounts 20-30',
    '        criu.dump.cgroups 30-40',
    '      criu.exit 40-46',
  ]);
});

test('without a log, or of another host, there are none', () => {
  const calls = { ...criu('source', [call]), service: 'runc' as const };
  for (const layers of [
    [controller(run), calls],
    [controller(run), calls, criu('destination', restore)],
  ])
    expect(withCriuEdges(layers)).toEqual(layers);
});

test('a program hangs under the phase in whose time it ran, which explains what lies beside it', () => {
  const parts = [controller(run), criu('source', dump), criu('destination', restore)];
  const [bare, detailed] = [built(parts), built([...parts, { ...criu('source', [tar]), service: 'runc' as const }])];
  expect(outline(detailed)).toContain('        program tar 22-29');
  expect(outline(detailed).indexOf('        program tar 22-29')).toBe(
    outline(detailed).findIndex((line) => /mounts/.test(line)) + 1,
  );
  const sum = ({ bounded, untilNext, inferred }: NonNullable<typeof bare.explained>) => bounded + untilNext + inferred;
  expect(sum(detailed.explained as NonNullable<typeof bare.explained>)).toBeCloseTo(
    sum(bare.explained as NonNullable<typeof bare.explained>),
    9,
  );
  expect(detailed.explained?.bounded).toBeGreaterThan(bare.explained?.bounded ?? 1);
});
