import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDockerdEvidence } from './evidence.ts';
import { spansOf } from './spans.ts';

const recorded = join(import.meta.dirname, '../../../test/recorded/dockerd');
const subject = { role: 'source', containers: ['work'] } as const;
let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'dockerd-')), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One line a span: service, name, start within the log in ms, length in ms, how it is known. */
function outline(log: string | Buffer, events = ''): readonly string[] {
  writeFileSync(join(folder, 'dockerd.log'), log);
  writeFileSync(join(folder, 'events.jsonl'), events);
  const layers = spansOf(readDockerdEvidence(folder, subject));
  const zero = layers.flatMap(({ spans }) => spans.map((span) => span.startNs)).sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
  const ms = (ns: bigint) => (Number(ns / 1000n) / 1000).toFixed(1);
  return layers.flatMap(({ service, spans }) =>
    spans.map((span) => `${service} ${span.name} +${ms(span.startNs - zero)} ${ms(span.endNs - span.startNs)} ${span.evidence}`),
  );
}

/*
 * Calling POST …/checkpoints   Using single walk diff   Write started  create image     delete image
 *   ├── CRIU, unseen here ──────┼──── pack ─────────────┼─ index ──────┼─── unpack ─────┤
 */
test('a checkpoint: containerd packs, dockerd unpacks', () => {
  expect(outline(readFileSync(join(recorded, 'checkpoint-26.1.5.log')))).toEqual([
    'dockerd dockerd.pause +0.0 19.9 inferred',
    'dockerd dockerd.checkpoint +52.1 8050.5 inferred',
    'dockerd dockerd.checkpoint.write-index +1351.9 4.6 until-next',
    'dockerd dockerd.checkpoint.unpack +1356.4 6746.2 inferred',
    'containerd containerd.checkpoint.pack +474.6 877.2 until-next',
  ]);
});

test('a start from a checkpoint: network, content store, the task, and the hook that dockerd timed itself', () => {
  expect(outline(readFileSync(join(recorded, 'start-26.1.5.log')))).toEqual([
    'dockerd dockerd.start +0.0 7709.0 inferred',
    'dockerd dockerd.start.mount-root +0.0 0.7 until-next',
    'dockerd dockerd.start.network +0.8 37.5 inferred',
    'dockerd dockerd.start.content-store +43.3 6774.3 inferred',
    'dockerd dockerd.start.set-key +6978.2 45.8 bounded',
    'containerd containerd.start.create-container +38.3 5.1 until-next',
    'containerd containerd.start.create-task +6817.6 9.3 until-next',
  ]);
});

/*
 * single walk diff      folder made    last file     shim parameters
 *   ├────── pack ──────────┤╌├── unpack ──┤╌├── shim ────┤
 */
test('with the times of the unpacked files the content store comes apart, with its bytes', () => {
  const log = readFileSync(join(recorded, 'start-26.1.5.log'), 'utf8');
  const [, time = ''] = /^time="([^"]+)".*Using single walk diff/m.exec(log) ?? [];
  const packedNs = BigInt(Date.parse(time)) * 1_000_000n;
  const at = (ms: number) => String(packedNs + BigInt(ms) * 1_000_000n);
  const record = { by: 'containerd', bytes: 1000, files: 3, firstMadeNs: at(5000), lastChangedNs: at(6000) };
  writeFileSync(join(folder, 'checkpoint-folder.json'), JSON.stringify(record));
  const parts = outline(log).filter((line) => /content-store|pack|shim/.test(line));
  expect(parts.map((line) => line.replace(/\+[\d.]+ /, '').replace(/\.\d /, ' '))).toEqual([
    'dockerd dockerd.start.content-store 6774 inferred',
    expect.stringMatching(/^dockerd dockerd.start.pack (4999|5000) until-next$/),
    'containerd containerd.start.unpack 994 bounded',
    expect.stringMatching(/^containerd containerd.start.shim 76[78] until-next$/),
  ]);
  const spans = spansOf(readDockerdEvidence(folder, subject)).flatMap((layer) => layer.spans);
  expect(spans.filter(({ attributes }) => attributes['migration.bytes'] === 1000).map(({ name }) => name)).toEqual([
    'dockerd.start.pack',
    'containerd.start.unpack',
  ]);
});

test('what is several things at once explains nothing', () => {
  writeFileSync(join(folder, 'dockerd.log'), readFileSync(join(recorded, 'start-26.1.5.log')));
  const spans = spansOf(readDockerdEvidence(folder, subject)).flatMap((layer) => layer.spans);
  expect(spans.find((span) => span.name === 'dockerd.start.content-store')?.isWait).toBe(true);
  expect(spans.find((span) => span.name === 'dockerd.start.network')?.isWait).toBe(false);
});

describe('a log that tells less gives fewer spans, never wrong ones', () => {
  const whole = readFileSync(join(recorded, 'checkpoint-26.1.5.log'), 'utf8');

  test.each([
    ['missing text', ''],
    ['no log at all', Buffer.from([0, 1, 2, 255, 10, 10, 7])],
    ['no debug lines', whole.replaceAll('level=debug', 'level').replaceAll('time=', 'time')],
  ])('%s', (_, log) => {
    expect(outline(log)).toEqual([]);
  });

  test('a dockerd that was killed while it unpacked', () => {
    const cut = whole.split('\n').filter((line) => !line.includes('delete image'));
    expect(outline(cut.join('\n'))).toEqual([
      'dockerd dockerd.pause +0.0 19.9 inferred',
      'dockerd dockerd.checkpoint +52.1 1304.3 inferred',
      'dockerd dockerd.checkpoint.write-index +1351.9 4.6 until-next',
      'containerd containerd.checkpoint.pack +474.6 877.2 until-next',
    ]);
  });

  test("a retried start is two requests, and the first has nothing of the second's", () => {
    const start = readFileSync(join(recorded, 'start-26.1.5.log'), 'utf8');
    const failed = start.split('\n').filter((line) => /Calling POST|single walk/.test(line));
    const names = outline(`${failed.join('\n')}\n${start}`).map((line) => line.split(' ')[1]);
    expect(names.filter((name) => name === 'dockerd.start.content-store')).toHaveLength(1);
    expect(names.filter((name) => name === 'dockerd.start')).toHaveLength(1);
  });
});

test('what the daemon did for another container is not told', () => {
  const log = readFileSync(join(recorded, 'checkpoint-26.1.5.log'), 'utf8').replaceAll('containers/work/', 'containers/other/');
  expect(outline(log)).toEqual([]);
});

test("Docker's events stand on the request that they belong to", () => {
  const event = { type: 'container', action: 'pause', id: 'x', timeNs: '1795496095865000000' };
  outline(readFileSync(join(recorded, 'checkpoint-26.1.5.log')), `${JSON.stringify(event)}\n`);
  const [dockerd] = spansOf(readDockerdEvidence(folder, subject));
  expect(dockerd?.spans[0]?.events.map(({ name }) => name)).toEqual(['docker.container.pause']);
});
