import { expect, test } from 'vitest';
import { parseKernelTrace } from './kernel-trace.ts';
import { processTable } from './process-table.ts';

const mark = (at: string, words: string) => `            bash-9   [000] ...1. ${at}: tracing_mark_write: ${words}\n`;
const event = (task: string, at: string, words: string) => `     ${task}   [001] ..... ${at}: ${words}\n`;
const clock = mark('10.000010', 'clock 1000.000000 7') + mark('10.000030', 'was 1000.000020');

test('the wall clock lies between the two marks: half of what is between them is the bound', () => {
  const trace = parseKernelTrace(
    clock + event('runc-5', '11.000010', 'sched_process_exit: comm=runc pid=5 prio=120 group_dead=true'),
  );
  expect(trace?.boundNs).toBe(11_000n);
  expect(trace?.events[0]?.atNs).toBe(1_001_000_010_000n);
});

test('a wall clock that gains on the kernel’s: in a straight line between the readings', () => {
  const later = mark('20.000010', 'clock 1010.000100 7') + mark('20.000030', 'was 1010.000120');
  const middle = event('x-5', '15.000010', 'sched_process_exit: comm=x pid=5 prio=120');
  expect(parseKernelTrace(clock + middle + later)?.events[0]?.atNs).toBe(1_005_000_060_000n);
});

test.each([
  ['no mark', ''],
  ['half a reading', mark('10.000010', 'clock 1000.000000 7')],
  ['a mark of something else', mark('10.000010', 'hello')],
])('%s: nothing can be dated', (_, marks) => {
  expect(parseKernelTrace(marks + event('x-5', '11.0', 'sched_process_exit: comm=x pid=5 prio=120'))).toBeNull();
});

const made = (task: string, at: number, pid: number, flags = '5100') =>
  event(task, `11.00000${at}`, `task_newtask: pid=${pid} comm=x clone_flags=${flags} oom_score_adj=0`);
const ran = (at: number, path: string, pid: number, old = pid) =>
  event(`x-${pid}`, `11.00000${at}`, `sched_process_exec: filename=${path} pid=${pid} old_pid=${old}`);
const ended = (at: number, pid: number, more = ' group_dead=true') =>
  event(`x-${pid}`, `11.00000${at}`, `sched_process_exit: comm=a pid=b (c) pid=${pid} prio=120${more}`);
const table = (text: string) => processTable(parseKernelTrace(clock + text)?.events ?? []);

test('a process ends with its last thread, whichever that is', () => {
  const [runc, ...more] = table(
    made('dockerd-1', 1, 50) +
      ran(2, '/usr/sbin/runc', 50) +
      made('runc-50', 3, 51, '3d0f00') +
      ended(4, 50, ' group_dead=false') +
      ended(5, 51),
  );
  expect(more).toEqual([]);
  expect(runc).toMatchObject({ pid: 50, starter: 'dockerd', parent: null });
  expect((runc?.endNs ?? 0n) - (runc?.startNs ?? 0n)).toBe(4_000n);
});

test('a kernel that does not say which thread is the last: the first one’s end counts', () => {
  const text = made('dockerd-1', 1, 50) + ran(2, '/a', 50) + made('a-50', 3, 51, '3d0f00') + ended(4, 51, '') + ended(6, 50, '');
  expect(table(text)[0]?.endNs).toBe(1_001_000_006_000n);
});

test('children of a thread, of a fork that runs no program, and of a number that is used again', () => {
  const text =
    made('dockerd-1', 1, 50) +
    ran(2, '/usr/sbin/criu', 50) +
    made('criu-50', 3, 60) +
    made('redis-60', 4, 61) +
    ran(5, '/usr/bin/tar', 61) +
    ended(6, 61) +
    made('criu-50', 7, 61) +
    ran(8, '/usr/bin/ip', 61);
  expect(table(text).map(({ execs, parent, endNs }) => [execs[0]?.path, parent?.execs[0]?.path ?? null, endNs === null])).toEqual(
    [
      ['/usr/sbin/criu', null, true],
      ['/usr/bin/tar', '/usr/sbin/criu', false],
      ['/usr/bin/ip', '/usr/sbin/criu', true],
    ],
  );
});
