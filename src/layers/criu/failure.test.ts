import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCase, readRecorded } from '../../../test/recorded/criu-cases.ts';
import { packageRoot } from '../../evidence/run-folder.ts';
import { failureOf, outcomeOf } from './failure.ts';
import { knownFailures, suspects } from './known-failures.ts';
import { digestLog } from './log-digest.ts';
import { treeOf } from './log-tree.ts';
import type { PhaseNode } from './phase-tree.ts';

/** case, log, line, first true error, known cause, phase */
const expected = [
  ['d-rich-tcp-default', 'dump.log', 542, /^sockets: Can't get 1:16 opt/, 'socket-options', 'criu.dump.files'],
  ['g-dump-diskfull', 'dump.log', 747, /^page-xfer: Unable to spice data: No space/, 'disk-full', 'criu.dump.memory.write'],
  ['g-dump-extproc-mount', 'dump.log', 261, /doesn't have a proper root mount/, 'root-mount', 'criu.dump.collect'],
  ['g-dump-flock', 'dump.log', 947, /^Some file locks are hold/, 'file-locks', 'criu.dump.file-locks'],
  ['g-dump-ghost-limit', 'dump.log', 438, /^Can't dump ghost file/, 'ghost-limit', 'criu.dump.files'],
  ['g-dump-nopid', 'dump.log', 98, /\(No such process\)/, 'no-such-task', 'criu.dump.freeze'],
  ['g-dump-packet', 'dump.log', 435, /Unknown socket collected/, 'unsupported-file', 'criu.dump.files'],
  ['g-dump-pageserver-refused', 'dump.log', 97, /^Can't connect to server/, 'page-server-refused', 'criu.dump.connect'],
  ['g-dump-script-fail', 'dump.log', 794, /^Script \/run\/h1.sh exited with -1/, 'hook', 'criu.dump.hook'],
  ['g-dump-timeout', 'dump.log', 97, /^Timeout reached/, 'freeze-timeout', 'criu.dump.freeze'],
  ['g-dump-traced', 'dump.log', 97, /\(Operation not permitted\)/, 'traced', 'criu.dump.freeze'],
  ['g-dump-tty-shelljob', 'dump.log', 343, /^Can't lookup mount=24/, 'file-outside-mounts', 'criu.dump.files'],
  ['g-dump-tty2', 'dump.log', 794, /^tty: Found slave peer index 0/, 'terminal', 'criu.dump.external'],
  ['g-dump-session-outside', 'dump.log', 519, /^A session leader of 20/, 'session-outside', 'criu.dump.infect'],
  ['g-dump-unix-outside', 'dump.log', 1037, /^unix: External socket is used/, 'external-unix-socket', 'criu.dump.external'],
  ['g-rst-address-in-use', 'restore.log', 225, /^inet: Can't bind inet socket/, 'address', 'criu.restore.files'],
  ['g-rst-child-killed', 'restore.log', 509, /^50 killed by signal 9/, 'child-died', 'criu.restore.hook'],
  ['g-rst-bad-magic', 'restore.log', 19, /^Head magic doesn't match/, 'images', 'criu.restore.images'],
  ['g-rst-buildid-changed', 'restore.log', 16, /^Unexpected EOF on \(empty-image\)/, 'images', 'criu.restore.init'],
  ['g-rst-lazy-nosocket', 'restore.log', 42, /^uffd: connect to lazy-pages.socket failed/, 'lazy-socket', 'criu.restore.images'],
  ['g-rst-missing-exe', 'restore.log', 172, /^Can't open file run\/bb2/, 'file-missing', 'criu.restore.files'],
  ['g-rst-missing-file', 'restore.log', 166, /^Can't open file run\/datafile /, 'file-missing', 'criu.restore.files'],
  ['g-rst-missing-pages', 'restore.log', 163, /^Failed getting raw image fd/, 'pages-missing', 'criu.restore.memory'],
  ['g-rst-pid-in-use', 'restore.log', 46, /^Can't fork for 351: File exists/, 'pid-in-use', 'criu.restore.fork'],
  ['g-rst-script-fail', 'restore.log', 619, /^Script \/run\/h2.sh exited with -1/, 'hook', 'criu.restore.hook'],
  ['g-rst-size-changed', 'restore.log', 166, /has bad size 13 \(expect 3\)/, 'file-changed', 'criu.restore.files'],
  ['g-rst-truncated-pages', 'restore.log', 140, /^Advanced iov 0 bytes/, 'pages-truncated', 'criu.restore.memory'],
  ['h-predump', '1-pre-dump.log', 715, /^BUG at criu\/mem.c/, 'no-soft-dirty', 'criu.pre-dump.memory.drain'],
  ['h-predump', '3-dump.log', 14, /^Tracking memory is not available/, 'no-soft-dirty', 'criu.dump.init'],
  ['q-fail-3171-kernel72', 'w/dump.log', 27, /^vdso: Unexpected rt vDSO/, 'vdso', 'criu.dump.init'],
  [
    'q-fail-411-kernel72',
    'dump.log',
    265,
    /^sockets: Sockects collect .* IPPROTO_UDPLITE: -2/,
    'no-udplite',
    'criu.dump.collect',
  ],
  ['sid421-g-dump-tcp-noflag', 'dump.log', 580, /^inet: Connected TCP socket/, 'tcp-established', 'criu.dump.files'],
  ['sid421-g-rst-exe-changed-samesize', 'restore.log', 172, /has bad build-ID/, 'file-changed', 'criu.restore.files'],
  [
    'sid421-g-rst-tcp-noflag',
    'restore.log',
    10074,
    /^inet: Connected TCP socket in image/,
    'tcp-established',
    'criu.restore.files',
  ],
] as const;

test.each(expected)('%s/%s fails at line %i', (name, file, line, message, id, phase) => {
  const digest = readCase(name).find((log) => log.digest.file === `${name}/${file}`)?.digest;
  if (digest === undefined) throw new Error(`${name}/${file} was not found`);
  const failure = failureOf(digest);
  expect(outcomeOf(digest)).toBe('failed');
  expect(failure?.line).toBe(line);
  expect(failure?.message).toMatch(message);
  expect(failure?.cause).toBe([...knownFailures, ...suspects].find((known) => known.id === id)?.cause);
  expect(failure?.hint).toBeTruthy();
  expect(failedPath(treeOf(digest)).at(-1)).toBe(phase);
});

test('a line that only may be why tells nothing where the dump succeeds, nor where CRIU names an error', () => {
  const text = readRecorded('q-fail-411-kernel72', 'dump.log').toString('latin1');
  const read = (log: string) => digestLog('f', [Buffer.from(log, 'latin1')]);
  const fine = read(text.replace(/ Error .*FAILED\./, ' Dumping finished successfully'));
  expect([outcomeOf(fine), failureOf(fine)]).toEqual(['ok', null]);
  const named = read(
    text.replace('net: Unlock', "Error (criu/sockets.c:628): sockets: Can't get 1:16 opt: x\n(00.354430) net: Unlock"),
  );
  expect(failureOf(named)?.message).toBe("sockets: Can't get 1:16 opt: x");
});

/** A recorded failure, with CRIU's errors but the last taken out: so it looks when CRIU is told to stop. */
test('CRIU that gives no reason is said to give none, and the last that it was at is told', () => {
  const text = readRecorded('g-dump-ghost-limit', 'dump.log').toString('latin1');
  const silent = text.replace(/^\([\d.]+\) Error \((?!.*(?:FAILED|RLIMIT)).*\n/gm, '');
  const failure = failureOf(digestLog('f', [Buffer.from(silent, 'latin1')]));
  expect(failure?.message).toMatch(/^Dumping FAILED\. CRIU gave no reason; the last it was at, line \d+: \S/);
  expect(failure?.cause).toMatch(/^CRIU gave no reason/);
  expect(failure?.hint).toMatch(/dmesg/);
});

test('at least 23 signatures have a recorded log, and each row names its source', () => {
  expect(new Set(expected.map(([, , , , id]) => id)).size).toBeGreaterThanOrEqual(23);
  expect([...knownFailures, ...suspects].filter(({ source }) => source === '')).toEqual([]);
});

test('a task that fails when another is done fails in its own phase, not at the barrier', () => {
  const log = readFileSync(join(packageRoot(), 'traces/sample-failed/evidence/b/criu/restore.log'));
  expect(failedPath(treeOf(digestLog('restore.log', [log])))).toEqual([
    ...['criu.restore', 'criu.restore.tasks', 'criu.restore.task', 'criu.restore.pages'],
  ]);
});

describe('what is no failure', () => {
  test('the rlimit error of every successful run', () => {
    const digest = digestLog('dump.log', [readRecorded('a-tiny-cold', 'dump.log')]);
    expect(digest.problems.some(({ text }) => text.startsWith('rlimit: '))).toBe(true);
    expect([outcomeOf(digest), failureOf(digest)]).toEqual(['ok', null]);
  });

  test('a log that stops: it is truncated, and the time until then is explained', () => {
    const digest = digestLog('dump.log', [readRecorded('a-tiny-cold', 'dump.log').subarray(0, 30_000)]);
    expect([outcomeOf(digest), failureOf(digest), digest.isCut]).toEqual(['truncated', null, true]);
  });

  test('a lazy-pages daemon: done when each task that it got has all its pages, and unknown before that', () => {
    const whole = readRecorded('q-postcopy', 'r/lazy.log').toString('latin1');
    const outcome = (text: string) => outcomeOf(digestLog('lazy.log', [Buffer.from(text, 'latin1')]));
    expect(outcome(whole)).toBe('ok');
    expect(outcome(whole.replace(/.*UFFD transferred pages.*\n/, ''))).toBe('unknown');
    expect(outcome(whole.replace('(5554/5554)', '(5553/5554)'))).toBe('unknown');
    const second = whole.replace(/^.*uffd: Received PID: 1,.*\n/m, (line) => line + line.replace('PID: 1,', 'PID: 7,'));
    expect(outcome(second)).toBe('unknown');
  });

  test('the default verbosity, which says nothing of the end', () => {
    const digest = digestLog('dump.log', [readRecorded('v-tiny-cli-v2', 'dump.log')]);
    expect([outcomeOf(digest), digest.isTimed, treeOf(digest)]).toEqual(['unknown', false, null]);
  });
});

function failedPath(tree: PhaseNode | null): readonly string[] {
  const names: string[] = [];
  for (let node = tree ?? undefined; node?.error !== undefined; node = node.children.find(({ error }) => error !== undefined))
    names.push(node.phase.name);
  return names;
}
