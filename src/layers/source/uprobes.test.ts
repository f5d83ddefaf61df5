import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assemble } from '../../trace/assemble.ts';
import { readSourceEvidence } from './evidence.ts';
import { spansOf } from './spans.ts';

const recorded = join(import.meta.dirname, '../../../test/recorded/uprobes');
const subject = { role: 'source', containers: ['counter'] } as const;

/** One line a span: indented below its caller, with its length in milliseconds. */
function outline(folder: string): readonly string[] {
  const layers = spansOf(readSourceEvidence(folder, subject));
  const { spans } = assemble({ traceId: '1'.repeat(32), run: 'r', layers, clocks: [] });
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const depth = (id: string | undefined): number => (id === undefined ? 0 : 1 + depth(byId.get(id)?.parentSpanId));
  return spans.map(
    ({ parentSpanId, name, durationNs }) => `${'  '.repeat(depth(parentSpanId))}${name} ${(Number(durationNs) / 1e6).toFixed(1)}`,
  );
}

test('a checkpoint, from dockerd’s request to what CRIU told runc, by programs as they were shipped', () => {
  expect(outline(join(recorded, 'a'))).toMatchInlineSnapshot(`
    [
      "containerd-client.pause 26.4",
      "  containerd.pause 25.3",
      "    runc.get-container 2.1",
      "dockerd.post-container-checkpoint 2399.5",
      "  dockerd.checkpoint-create 2399.5",
      "    dockerd.create-checkpoint 2399.1",
      "      containerd-client.checkpoint 959.0",
      "        containerd-client.checkpoint-task 892.1",
      "          containerd.checkpoint 890.6",
      "            containerd.shim-checkpoint 603.8",
      "              shim.service-checkpoint 598.5",
      "                shim.container-checkpoint 598.5",
      "                  shim.init-checkpoint 598.4",
      "                    shim.init-do-checkpoint 598.4",
      "                      go-runc.checkpoint 598.0",
      "                        runc.get-container 20.8",
      "                        runc.container-checkpoint 540.9",
      "                          runc.check-criu-version 38.3",
      "                          runc.external-namespaces 0.0",
      "                            runc.check-criu-version 0.0",
      "                          runc.external-namespaces 0.0",
      "                            runc.check-criu-version 0.0",
      "                          runc.check-criu-version 0.0",
      "                          runc.criu-swrk 502.0",
      "                            runc.apply-cgroups 0.0",
      "                            runc.criu-notification 0.0",
      "                            runc.criu-notification 0.0",
      "                              runc.lock-network 0.0",
      "                            runc.criu-notification 0.0",
      "                            runc.criu-notification 0.0",
      "                            runc.criu-notification 0.1",
      "                              runc.unlock-network 0.0",
      "            containerd.write-content 194.1",
      "              archive.write-diff 127.8",
      "            containerd.write-content 63.9",
      "        containerd-client.write-index 52.5",
      "      archive.apply 1429.8",
    ]
  `);
});

test('a restore', () => {
  expect(outline(join(recorded, 'b'))).toMatchInlineSnapshot(`
    [
      "dockerd.post-containers-start 2969.1",
      "  dockerd.container-start-request 2969.0",
      "    dockerd.container-start 2969.0",
      "      dockerd.initialize-networking 138.5",
      "      dockerd.create-spec 0.2",
      "      dockerd.replace-container 33.7",
      "        dockerd.new-container 33.7",
      "      dockerd.new-task 1616.0",
      "        dockerd.write-content 1313.1",
      "          archive.write-diff 1219.4",
      "        containerd-client.new-task 289.3",
      "          containerd.create 280.7",
      "            archive.apply 182.2",
      "            containerd.task-create 97.9",
      "              containerd.start-shim-instance 87.1",
      "                containerd.start-shim 86.4",
      "                  containerd.shim-binary-start 86.3",
      "              containerd.shim-create 10.7",
      "                shim.service-create 0.3",
      "                  shim.new-container 0.2",
      "                    shim.init-create 0.0",
      "      dockerd.initialize-created-task 0.0",
      "      dockerd.task-start 1163.4",
      "        containerd-client.task-start 1163.4",
      "          containerd.start 1162.2",
      "            containerd.shim-start 1156.9",
      "              shim.service-start 1147.1",
      "                shim.container-start 1147.0",
      "                  shim.start-checkpointed 1146.9",
      "                    go-runc.restore 1145.3",
      "                      runc.start-container 1009.3",
      "                        runc.run 999.8",
      "                          runc.container-restore 984.0",
      "                            runc.check-criu-version 40.7",
      "                            runc.restoring-namespaces 0.0",
      "                              runc.check-criu-version 0.0",
      "                              runc.check-criu-version 0.0",
      "                            runc.prepare-mounts 45.1",
      "                            runc.criu-swrk 889.7",
      "                              runc.apply-cgroups 24.8",
      "                              runc.criu-notification 0.0",
      "                              runc.criu-notification 335.2",
      "                              runc.criu-notification 0.0",
      "                              runc.criu-notification 1.4",
      "                              runc.criu-notification 0.0",
      "                                runc.unlock-network 0.0",
      "                              runc.criu-notification 0.0",
      "                              runc.criu-notification 0.0",
    ]
  `);
});

test('both ends were seen, within the bounds of the kernel’s clock, which stands in the anchor', () => {
  const layers = spansOf(readSourceEvidence(join(recorded, 'a'), subject));
  expect(layers.map(({ service }) => service)).toEqual(['dockerd', 'containerd', 'containerd-shim', 'runc']);
  for (const { spans, anchor, isInside } of layers) {
    expect(new Set(spans.map(({ evidence }) => evidence))).toEqual(new Set(['bounded']));
    expect([isInside, anchor.boundNs > 0n, anchor.boundNs < 1_000_000n]).toEqual([true, true, true]);
  }
});

test('events that found no room, a call that never ended, no clock: said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transship-uprobes-'));
  const whole = readFileSync(join(recorded, 'a/uprobes.trace'), 'utf8');
  const warningsOf = (trace: string): readonly string[] => {
    writeFileSync(join(folder, 'uprobes.jsonl'), readFileSync(join(recorded, 'a/uprobes.jsonl')));
    writeFileSync(join(folder, 'uprobes.trace'), trace);
    return readSourceEvidence(folder, subject).warnings.map((warning) => warning.slice(warning.indexOf(':') + 2));
  };
  try {
    expect(warningsOf(whole)).toEqual([]);
    expect(warningsOf(whole.replace(/entries-written: (\d+)\/(\d+)/, 'entries-written: $1/10$2'))).toEqual([
      expect.stringMatching(/^the oldest \d+ events found no room/),
    ]);
    const lines = whole.split('\n');
    const last = lines.findLastIndex((line) => line.includes(' leave: '));
    expect(warningsOf(lines.filter((_, index) => index !== last).join('\n'))).toEqual(['1 calls whose end nobody saw: left out']);
    expect(warningsOf(lines.filter((line) => !line.includes('tracing_mark_write')).join('\n'))).toEqual([
      'no mark tells its clock: left out',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
