import { describe, expect, test } from 'vitest';
import type { UprobeRecord } from '../../evidence/records.ts';
import { callsOfUprobes } from './uprobe-trace.ts';

const place = (number: number, program: string, name: string): UprobeRecord => ({
  ...{ program, file: `/usr/sbin/${program}`, name, code: `x.${name}`, number, entry: 1, returns: [2], why: null },
});
const places = [
  place(0, 'runc', 'runc.container-checkpoint'),
  place(1, 'runc', 'runc.criu-swrk'),
  place(2, 'dockerd', 'dockerd.mount'),
];

const clock = (at: string, wall: string): string =>
  `            bash-9       (      9) [000] ...1. ${at}: tracing_mark_write: clock ${wall} 9\n` +
  `            bash-9       (      9) [000] ...1. ${at}: tracing_mark_write: was ${wall}\n`;

interface Passage {
  readonly thread?: number;
  readonly process?: string;
  readonly goroutine?: string;
}
const pass = (us: number, event: string, { thread = 70, process = '7', goroutine = 'c000002380' }: Passage = {}): string =>
  ` runc:[2:INIT] x-${thread}     (    ${process}) [001] DBZff 100.${String(us).padStart(6, '0')}: ${event} g=0x${goroutine}\n`;

const calls = (...lines: readonly string[]) => {
  const text = `${clock('100.000000', '1795669979.000000')}${lines.join('')}${clock('101.000000', '1795669980.000000')}`;
  const read = callsOfUprobes(text, places);
  const us = (ns: string): number => Number(BigInt(ns) - 1_795_669_979_000_000_000n) / 1_000;
  return { ...read, records: read?.records.map(({ name, startNs, endNs, pid }) => `${pid} ${name} ${us(startNs)}-${us(endNs)}`) };
};

describe('passages become calls', () => {
  test('nested, on whatever thread the goroutine ran', () => {
    const { records, unended, lost } = calls(
      pass(10, 'enter: (0x4) n=0'),
      pass(20, 'enter: (0x4) n=1'),
      pass(40, 'leave: (0x5) n=1', { thread: 71 }),
      pass(50, 'leave: (0x5) n=0', { thread: 72 }),
    );
    expect(records).toEqual(['7 runc.container-checkpoint 10-50', '7 runc.criu-swrk 20-40']);
    expect([unended, lost]).toEqual([0, 0]);
  });

  test('the same goroutine’s address in two processes, and in two programs, is three goroutines', () => {
    const { records } = calls(
      pass(10, 'enter: (0x4) n=1'),
      pass(11, 'enter: (0x4) n=1', { thread: 80, process: '8' }),
      pass(12, 'enter: (0x4) n=2', { thread: 90, process: '9' }),
      pass(20, 'leave: (0x5) n=1', { thread: 80, process: '8' }),
      pass(21, 'leave: (0x5) n=2', { thread: 90, process: '9' }),
      pass(22, 'leave: (0x5) n=1'),
    );
    expect(records).toEqual(['7 runc.criu-swrk 10-22', '8 runc.criu-swrk 11-20', '9 dockerd.mount 12-21']);
  });

  test('two goroutines of one process', () => {
    const { records } = calls(
      pass(10, 'enter: (0x4) n=1'),
      pass(12, 'enter: (0x4) n=1', { goroutine: 'c000002a80' }),
      pass(20, 'leave: (0x5) n=1'),
      pass(30, 'leave: (0x5) n=1', { goroutine: 'c000002a80' }),
    );
    expect(records).toEqual(['7 runc.criu-swrk 10-20', '7 runc.criu-swrk 12-30']);
  });

  test('what a panic left, and what never ended, is no call', () => {
    const { records, unended } = calls(
      pass(10, 'enter: (0x4) n=0'),
      pass(20, 'enter: (0x4) n=1'),
      pass(50, 'leave: (0x5) n=0'),
      pass(60, 'enter: (0x4) n=1'),
    );
    expect(records).toEqual(['7 runc.container-checkpoint 10-50']);
    expect(unended).toBe(1);
  });

  test('an end without its beginning, a function that nobody knows, a line cut short: left out', () => {
    const whole = pass(30, 'enter: (0x4) n=1');
    const { records } = calls(pass(10, 'leave: (0x5) n=1'), pass(20, 'enter: (0x4) n=9'), `${whole.slice(0, -14)}\n`);
    expect(records).toEqual([]);
  });

  test('of two calls in one microsecond the first is the caller’s', () => {
    const { records } = calls(
      pass(10, 'enter: (0x4) n=0'),
      pass(10, 'enter: (0x4) n=1'),
      pass(10, 'leave: (0x5) n=1'),
      pass(10, 'leave: (0x5) n=0'),
    );
    expect(records).toEqual(['7 runc.container-checkpoint 10-10', '7 runc.criu-swrk 10-10']);
  });

  test('a thread whose process the kernel had forgotten once is of the one it told otherwise', () => {
    const { records } = calls(pass(10, 'enter: (0x4) n=1', { process: '-------' }), pass(20, 'leave: (0x5) n=1'));
    expect(records).toEqual(['7 runc.criu-swrk 10-20']);
  });
});

test('without marks of the clock nothing can be dated', () => {
  expect(callsOfUprobes(pass(10, 'enter: (0x4) n=1'), places)).toBeNull();
});
