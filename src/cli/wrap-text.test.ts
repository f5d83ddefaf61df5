import { expect, test } from 'vitest';
import { diffLines, installLines } from './wrap-text.ts';

test.each([
  ['a member more', '{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "b": 2\n}\n', ['  {', '-   "a": 1', '+   "a": 1,', '+   "b": 2', '  }']],
  ['a new file', '', '{}\n', ['+ {}']],
  ['one line', '{"a": 1}', '{"a": 1,"b": 2}', ['- {"a": 1}', '+ {"a": 1,"b": 2}']],
  ['far lines are left out', '1\n2\n3\n4\n5\n', '1\n2\nx\n4\n5\n', ['  2', '- 3', '+ x', '  4']],
  ['a line twice', 'a\na\n', 'a\na\na\n', ['  a', '+ a']],
  ['what drives a terminal', '', '\u001b[2J\n', ['+ \\x1b[2J']],
])('the change of a file as lines: %s', (_, before, after, lines) => {
  expect(diffLines(before, after)).toEqual(lines);
});

test.each([
  ['is there', true, []],
  ['is made', false, ['/etc/docker', '/usr/local/lib/transship/made-config-folder']],
])('all paths that an installation makes are named, where the folder of daemon.json %s', (_, hasConfigFolder, more) => {
  const plan = {
    daemonPid: '7',
    configFile: '/etc/docker/daemon.json',
    before: null,
    after: '{}',
    hasFolder: false,
    isReload: true,
  };
  const words = installLines({ ...plan, hasConfigFolder, scripts: ['runtime'] })
    .join(' ')
    .split(/[\s,;:]+/);
  expect(words.filter((word) => word.startsWith('/') || word.startsWith('calls/'))).toEqual([
    '/usr/local/lib/transship',
    'calls/runc',
    'calls/criu',
    ...more,
    '/etc/docker/daemon.json',
    '/usr/local/lib/transship/daemon.json.after',
    '/etc/criu/runc.conf',
  ]);
});
