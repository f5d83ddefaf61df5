import { describe, expect, test } from 'vitest';
import { readRecorded, recordedCases } from '../../../test/recorded/criu-cases.ts';
import type { CriuFilesRecord } from '../../evidence/records.ts';
import { nsPerMs, usToNs } from '../../trace/time.ts';
import { anchorOf } from './anchor.ts';
import { digestLog } from './log-digest.ts';
import { boottimeOf } from './timens-image.ts';

/** `times.txt` has birth and mtime of the files, `timing.txt` when the command began and ended: seconds since 1970. */
const recorded = recordedCases.filter((name) => /^(?:sid421-)?(?:a-|b-|c-|d-rich-notcp)/.test(name));

describe.each(recorded)('%s', (name) => {
  test.each(['dump', 'restore'])('%s: zero to the last line lies within the command, as far as the bound says', (kind) => {
    const digest = digestLog(`${kind}.log`, [readRecorded(name, `${kind}.log`)]);
    const input = { digest, logName: `${kind}.log`, statsName: `stats-${kind}`, files: filesOf(name, kind), boottimeNs: null };
    const { zeroNs, boundNs, means } = anchorOf(input);
    const { startNs, endNs } = commandOf(name, kind);
    expect(means).toMatch(/^time of \w+\.log/);
    expect(boundNs).toBeLessThanOrEqual(3n * nsPerMs);
    expect(zeroNs + boundNs).toBeGreaterThan(startNs);
    expect(zeroNs + usToNs(digest.endUs) - boundNs).toBeLessThan(endNs);
  });
});

test('the boot time of a timens image is the sharpest, when it is of the same boot', () => {
  const digest = digestLog('dump.log', [readRecorded('a-tiny-cold', 'dump.log')]);
  const files = { ...filesOf('a-tiny-cold', 'dump'), realtimeMinusBoottimeNs: '1795400000000000000' };
  const at = digest.marks.find(({ text }) => text.startsWith('cg: Dumping 1 sets'))?.us ?? 0;
  const atNs = 1_795_446_371_600_632_478n + usToNs(at) - 1_795_400_000_000_000_000n;
  const input = { digest, logName: 'dump.log', statsName: 'stats-dump', files };
  expect(anchorOf({ ...input, boottimeNs: atNs })).toMatchObject({ boundNs: 250_000n, means: 'boot time in the timens image' });
  expect(anchorOf({ ...input, boottimeNs: atNs + 60_000_000_000n }).means).toMatch(/^time of dump.log/);
});

test('without any file time nothing is claimed', () => {
  const digest = digestLog('dump.log', [readRecorded('a-tiny-cold', 'dump.log')]);
  const anchor = anchorOf({ digest, logName: 'dump.log', statsName: 'stats-dump', files: null, boottimeNs: null });
  expect(anchor).toEqual({ zeroNs: 0n, means: 'none', boundNs: 86_400_000_000_000n });
});

test('a timens image is decoded, a damaged one is no error', () => {
  const body = Buffer.from([0x0a, 4, 0x08, 5, 0x10, 6, 0x12, 5, 0x08, 7, 0x10, 0xac, 0x02]);
  const head = Buffer.alloc(12);
  for (const [index, value] of [0x54564319, 0x43114433, body.length].entries()) head.writeUInt32LE(value, index * 4);
  const image = Buffer.concat([head, body]);
  expect(boottimeOf(image)).toBe(7_000_000_300n);
  expect(boottimeOf(image.subarray(0, 20))).toBeNull();
  expect(boottimeOf(Buffer.alloc(64))).toBeNull();
});

function filesOf(name: string, kind: string): CriuFilesRecord {
  const text = readRecorded(name, 'times.txt').toString();
  const files = [`${kind}.log`, `stats-${kind}`].flatMap((file) => {
    const match = new RegExp(`/${file} birth=([\\d.]+) mtime=([\\d.]+) .*size=(\\d+)`).exec(text);
    if (match === null) return [];
    return { name: file, bytes: Number(match[3]), birthNs: String(nsOf(match[1])), mtimeNs: String(nsOf(match[2])) };
  });
  return { realtimeMinusBoottimeNs: null, files };
}

function commandOf(name: string, kind: string): { readonly startNs: bigint; readonly endNs: bigint } {
  const match = new RegExp(`^${kind} start=([\\d.]+) end=([\\d.]+)`, 'm').exec(readRecorded(name, 'timing.txt').toString());
  return { startNs: nsOf(match?.[1]), endNs: nsOf(match?.[2]) };
}

function nsOf(seconds = '0.0'): bigint {
  const [whole = '0', part = '0'] = seconds.split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'));
}
