import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostFile } from './host-files.ts';

/** What the container has logged since its log was copied (keep-log.sh), with a logger that begins new files as Docker's json-file does. */
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-keep-log-'));
  mkdirSync(join(root, 'images'));
  writeFileSync(join(root, 'keep-log'), hostFile('keep-log'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** `rotate`: daemon/logger/loggerutils/logfile.go, rotate and compressFile; with one file alone that one begins anew. `copied`: as earlier-log.ts says of it. */
const logger = `
cd "$1" && . ./keep-log
log=$1/log count=0 log_first='' log_bytes=0 gz=\${2:+.gz}
pause() { sleep "$1"; }
say() { for ((each = 0; each < $1; each++)); do printf '{"log":"%d\\\\n","time":"%d"}\\n' "$count" "$((count++))" >>"$log"; done; }
rotate() {
  local number
  for number in 7 6 5 4 3 2 1; do [ ! -e "log.$number$gz" ] || mv "log.$number$gz" "log.$((number + 1))$gz"; done
  mv log log.1 && : >log
  [ -z "$gz" ] || gzip log.1
}
anew() { : >log; }
copied() {
  cat log >copy
  log_bytes=$(wc -c <log) log_first=$(head -n 1 log | cksum)
}
: >log
`;

function keep(words: string, packed = ''): readonly number[] {
  const script = `${logger}\n${words}\nkeep_log`;
  const { stderr, status } = spawnSync('bash', ['-uc', script, 'bash', root, packed], { encoding: 'utf8', timeout: 60_000 });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const kept = readFileSync(join(root, 'images/transship.log'), 'utf8');
  return kept
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(/^\{"log":"\d+\\n","time":"(\d+)"\}$/.exec(line)?.[1]));
}

const between = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => first + index);

describe.each([
  ['as they are', ''],
  ['packed', 'packed'],
])('files that were full %s', (_, packed) => {
  test.each([
    ['none', 'say 3; copied; keep_log; say 2; keep_log; say 1', between(3, 6)],
    ['one, before the dump begins', 'say 3; copied; say 2; rotate; say 2; keep_log; say 1', between(3, 8)],
    ['two within a moment, before the dump begins', 'say 3; copied; say 2; rotate; say 2; rotate; say 1', between(3, 8)],
    [
      'two within a moment, since the dump began',
      'say 3; copied; say 2; keep_log; say 1; rotate; say 2; rotate; say 1',
      between(3, 9),
    ],
    [
      'one in each part of the dump',
      'say 3; copied; rotate; say 2; keep_log; rotate; say 2; keep_log; rotate; say 1',
      between(3, 8),
    ],
    [
      'two, and the newest has nothing yet',
      'say 3; copied; keep_log; say 1; rotate; say 2; rotate; keep_log; say 2',
      between(3, 8),
    ],
    [
      'the newest has nothing, and is full when it is looked at again',
      'say 3; copied; rotate; keep_log; say 2; rotate; say 1',
      between(3, 6),
    ],
    [
      'the first line of the newest is just being written',
      `say 3; copied; keep_log; rotate; printf '{"log":"3' >>log; keep_log; printf '\\\\n","time":"3"}\\n' >>log; keep_log; count=4; say 1`,
      between(3, 5),
    ],
    ['the copied one is there no more', 'say 3; copied; say 2; rotate; say 2; rotate; rm log.2*; say 1', between(5, 8)],
    ['nothing was there to be copied', 'copied; say 2; rotate; say 2; keep_log; rotate; say 1', between(0, 5)],
  ])('%s', (_name, words, kept) => expect(keep(words, packed)).toEqual(kept));
});

test.each([
  ['before the dump begins', 'say 3; copied; anew; say 1; keep_log; say 1', [3, 4]],
  ['since the dump began', 'say 3; copied; say 1; keep_log; say 1; anew; say 9; keep_log; say 1', [3, ...between(5, 15)]],
  ['and has nothing yet', 'say 3; copied; say 1; keep_log; anew; keep_log; say 2', [3, 4, 5]],
])('the one file begins anew, %s: what Docker has, and nothing twice', (_, words, kept) => expect(keep(words)).toEqual(kept));

test('somebody removes the log: what came before is kept', () =>
  expect(keep('say 3; copied; keep_log; say 2; rm log')).toEqual([3, 4]));
test('without a log nothing is kept', () => expect(keep('say 3; log=; : >images/transship.log')).toEqual([]));

/** `after FILE WORDS`: done once, when that file has just been looked at. */
const after = `
eval "looked_$(declare -f open_file)"
at='' then=:
after() { at=$1 then=$2; }
open_file() {
  local status
  looked_open_file "$1"
  status=$?
  [ "$1" != "$log$at" ] || { at=never && $then; }
  return "$status"
}
twice() { rotate; say 2; rotate; say 2; }
`;

describe('Docker renames the files', () => {
  test.each([
    [
      'one after the other: one is missing for a moment',
      'say 2; rotate; say 2; rotate; say 1; mv log.2 log.3; mv log.1 log.2',
      8,
    ],
    ['when the newest was opened', 'say 2; rotate; say 2; after "" rotate', 7],
    ['twice, when the newest was opened', 'say 2; rotate; say 2; after "" twice', 11],
    [
      'and is not at the newest yet',
      'say 2; rotate; say 2; rotate; say 1; half() { mv log.2 log.3; mv log.1 log.2; }; after .1 half',
      8,
    ],
  ])('%s', (_, words, end) => expect(keep(`${after}\nsay 3; copied; keep_log; ${words}`)).toEqual(between(3, end)));
});

test('files that are renamed while they are looked for: nothing is missing, and nothing there twice', () => {
  const writer = `
    my $count = 3;
    for my $round (1 .. 60) {
      open my $log, '>>', 'log' or die; $log->autoflush;
      print $log qq({"log":"$count\\\\n","time":"), $count++, qq("}\\n) for 1 .. 5;
      rename "log.$_", 'log.' . ($_ + 1) for reverse 1 .. $round;
      rename 'log', 'log.1';
      open $log, '>', 'log' or die;
      select undef, undef, undef, 0.004;
    }`;
  writeFileSync(join(root, 'writer'), `use IO::Handle;${writer}`);
  expect(keep('say 3; copied; perl writer & while kill -0 $! 2>/dev/null; do keep_log; done; wait')).toEqual(between(3, 303));
});
