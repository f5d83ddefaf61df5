import { expect, test } from 'vitest';
import { built, controller, criu, type Drawn, outline } from '../../test/drawn-layers.ts';
import type { LayerSpans, Service } from './layer-spans.ts';

const run: readonly Drawn[] = [
  { key: 'migration', at: [0, 200] },
  { key: 'migration.checkpoint.checkpoint', parent: 'migration', at: [10, 150], role: 'source', isWait: true },
];
const layer = (service: Service, drawn: readonly Drawn[]): LayerSpans => ({ ...criu('source', drawn), service });
const inside = (service: Service, drawn: readonly Drawn[]): LayerSpans => ({ ...layer(service, drawn), isInside: true });

const native = layer('dockerd', [
  { key: 'POST /checkpoints', at: [12, 148], isWait: true },
  { key: 'containerd.services.tasks.v1.Tasks/Checkpoint', parent: 'POST /checkpoints', at: [30, 120], isWait: true },
  { key: 'containerd.services.images.v1.Images/Create', parent: 'POST /checkpoints', at: [122, 126] },
]);
const processes = layer('runc', [
  { key: 'runc.checkpoint', at: [50, 100], isWait: true },
  { key: 'runc.criu.version', parent: 'runc.checkpoint', at: [55, 60] },
  { key: 'runc.criu.dump', parent: 'runc.checkpoint', at: [62, 98], isWait: true },
]);
const log = criu('source', [{ key: 'criu.dump', at: [70, 97] }]);
const told = [
  inside('dockerd', [
    { key: 'dockerd.post-container-checkpoint', at: [13, 147] },
    { key: 'containerd-client.checkpoint', parent: 'dockerd.post-container-checkpoint', at: [20, 140] },
    { key: 'containerd-client.checkpoint-task', parent: 'containerd-client.checkpoint', at: [29, 121], isWait: true },
  ]),
  inside('containerd', [{ key: 'containerd.checkpoint', at: [32, 118] }]),
  inside('runc', [
    { key: 'runc.container-checkpoint', at: [52, 99] },
    { key: 'runc.check-criu-version', parent: 'runc.container-checkpoint', at: [54, 61], isWait: true },
    { key: 'runc.criu-swrk', parent: 'runc.container-checkpoint', at: [61, 99], isWait: true },
  ]),
];
const lines = (layers: readonly LayerSpans[]): readonly string[] =>
  outline(built(layers)).filter((line) => /(?:POST|containerd|dockerd\.p|runc\.c|criu\.dump)/.test(line));

/*
 * POST                 12├──────────────────────────────────────┤148     native: dockerd seen from outside
 * post-container-…      13├────────────────────────────────────┤147      told by dockerd
 * Tasks/Checkpoint          30├──────────────────────────┤120            native
 * containerd.checkpoint      32├────────────────────────┤118             told by containerd
 * runc.checkpoint               50├──────────┤100                        the kernel's events
 * runc.criu-swrk                   61├──────┤99                          told by runc
 * runc.criu.dump                    62├─────┤98                          the kernel's events
 */
test('what is seen of a program from outside hangs below the function that did it: one tree down to CRIU', () => {
  expect(lines([controller(run), native, processes, log, ...told])).toEqual([
    '    POST /checkpoints 12-148',
    '      dockerd.post-container-checkpoint 13-147',
    '        containerd-client.checkpoint 20-140',
    '          containerd-client.checkpoint-task 29-121',
    '            containerd.services.tasks.v1.Tasks/Checkpoint 30-120',
    '              containerd.checkpoint 32-118',
    '                runc.checkpoint 50-100',
    '                  runc.container-checkpoint 52-99',
    '                    runc.check-criu-version 54-61',
    '                      runc.criu.version 55-60',
    '                    runc.criu-swrk 61-99',
    '                      runc.criu.dump 62-98',
    '                        criu.dump 70-97',
    '          containerd.services.images.v1.Images/Create 122-126',
  ]);
});

test('without the kernel’s events CRIU hangs below the call that runc tells of', () => {
  expect(lines([controller(run), native, log, ...told]).slice(-5)).toEqual([
    '                runc.container-checkpoint 52-99',
    '                  runc.check-criu-version 54-61',
    '                  runc.criu-swrk 61-99',
    '                    criu.dump 70-97',
    '          containerd.services.images.v1.Images/Create 122-126',
  ]);
});

test('a function’s own lines, and the way from one to the other, are known when both tell of themselves', () => {
  const all = outline(built([controller(run), native, processes, log, ...told]));
  for (const line of [
    '      dockerd.route 12-13',
    '        function.own 13-20',
    '              rpc.request 30-32',
    '              rpc.answer 118-120',
    '      dockerd.reply 147-148',
  ])
    expect(all).toContain(line);
  expect(outline(built([controller(run), native, processes, log])).filter((line) => /function\.own|rpc\./.test(line))).toEqual(
    [],
  );
});
