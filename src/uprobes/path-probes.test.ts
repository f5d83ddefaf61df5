import { expect, test } from 'vitest';
import { goProgram, sourceOf } from '../../test/go-programs.ts';
import type { UprobeRecord } from '../evidence/records.ts';
import { type ProbedProgram, pathProbes, ruleOf } from './path-probes.ts';
import { placeLines, uprobeRecords } from './place-lines.ts';

test.each<readonly [string, ProbedProgram, string | undefined]>([
  ['main.getContainer', 'runc', 'runc.get-container'],
  ['main.getContainer', 'containerd', undefined],
  ['github.com/opencontainers/runc/libcontainer.(*linuxContainer).criuSwrk', 'runc', 'runc.criu-swrk'],
  ['github.com/opencontainers/runc/libcontainer.(*Container).criuSwrk', 'runc', 'runc.criu-swrk'],
  ['github.com/opencontainers/runc/libcontainer.(*Container).criuSwrk.func2', 'runc', undefined],
  [
    'github.com/docker/docker/vendor/github.com/containerd/containerd.(*task).Checkpoint',
    'dockerd',
    'containerd-client.checkpoint',
  ],
  ['github.com/containerd/containerd/v2/client.(*task).Checkpoint', 'dockerd', 'containerd-client.checkpoint'],
  ['type:.eq.[2]string', 'runc', undefined],
  ['crypto/internal/boring/sig', 'runc', undefined],
])('%s in %s: %s', (symbol, program, rule) => {
  expect(ruleOf(symbol, program)?.name).toBe(rule);
});

test('a program without the path’s functions: each that it should have is told, with why', async () => {
  const probes = await pathProbes('runc', sourceOf(goProgram('exe-1.24')));
  expect(probes.map(({ name }) => name)).toContain('runc.criu-swrk');
  expect(new Set(probes.map(({ places, why }) => `${places} ${why?.slice(0, 23)}`))).toEqual(
    new Set(['null it has no such function']),
  );
});

test('what the kernel is told: two events, a place a line, the function by its number', () => {
  const probe = (name: string, places: { entry: number; returns: readonly number[] } | null) => ({
    ...{ name, code: name, places, why: places === null ? 'it never returns' : null },
  });
  const [first, second, third] = uprobeRecords([
    {
      ...({ program: 'runc', file: '/usr/sbin/runc', identity: 'x' } as const),
      probes: [probe('a', { entry: 4096, returns: [4100, 4200] }), probe('b', null), probe('c', { entry: 255, returns: [256] })],
    },
  ]) as readonly [UprobeRecord, UprobeRecord, UprobeRecord];
  expect([first.number, second.number, third.number]).toEqual([0, null, 1]);
  expect(placeLines([first, second, third])).toEqual([
    'p:GROUP/enter /usr/sbin/runc:0x1000 n=\\0:u32 g=%r14:x64',
    'p:GROUP/leave /usr/sbin/runc:0x1004 n=\\0:u32 g=%r14:x64',
    'p:GROUP/leave /usr/sbin/runc:0x1068 n=\\0:u32 g=%r14:x64',
    'p:GROUP/enter /usr/sbin/runc:0xff n=\\1:u32 g=%r14:x64',
    'p:GROUP/leave /usr/sbin/runc:0x100 n=\\1:u32 g=%r14:x64',
  ]);
});
