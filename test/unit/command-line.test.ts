import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { transshipProgram, withDescendants, wordsOf } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';

const program = await transshipProgram();
const everyCommand = withDescendants(program).map((command) => ({ command, words: wordsOf(command) }));

const transship = (args: readonly string[]) =>
  execa('node', [join(packageRoot(), 'dist/src/cli/main.js'), ...args], { reject: false, stdin: 'ignore', timeout: 20_000 });

test('there are commands', () => {
  expect(everyCommand.map(({ words }) => words)).toEqual(expect.arrayContaining(['transship import', 'transship testbed up']));
});

test.each(everyCommand)('$words --help ends with an example of itself', ({ command, words }) => {
  const printed: string[] = [];
  command.configureOutput({ writeOut: (text) => printed.push(text) }).outputHelp();
  const [, example] = /\nExamples?:\n(( {2}.+\n)+)$/.exec(printed.join('')) ?? [];
  expect(example).toContain(words);
});

test.each(everyCommand)('$words: each option and command says what it does', ({ command }) => {
  expect(command.options.filter((option) => option.description === '').map((option) => option.flags)).toEqual([]);
  expect(command.commands.filter((one) => one.summary() === '').map(wordsOf)).toEqual([]);
});

test.each([
  { args: ['imprt'], message: "unknown command 'imprt'", hint: 'Did you mean import?' },
  { args: ['testbed', 'dwon'], message: "unknown command 'dwon'", hint: 'Did you mean down?' },
  { args: ['show', 'r1', '--topp', '3'], message: "unknown option '--topp'", hint: 'Did you mean --top?' },
  { args: ['import', 'x', '--nam', 'y'], message: "unknown option '--nam'", hint: 'Did you mean --name?' },
  {
    args: ['migrate', 'web', 'b', '--max-rounds', '0'],
    message: "'--max-rounds <n>' argument '0' is invalid. It takes a whole number from 1 on",
    hint: 'hint: transship migrate --help',
  },
  {
    args: ['migrate', 'web', 'b', '--page-port', '65536'],
    message: "'--page-port <port>' argument '65536' is invalid. It takes a port from 1 to 65535",
    hint: 'hint: transship migrate --help',
  },
  {
    args: ['migrate', 'web', 'b', '--page-port', '9000'],
    message: '--page-port is for memory that goes by a port of its own, and --strategy docker sends none so',
    hint: '--strategy diskless, post-copy, hybrid or auto',
  },
  {
    args: ['migrate', 'web', 'b', '--strategy', 'cold', '--page-port', '9000'],
    message: '--page-port is for memory that goes by a port of its own, and --strategy cold sends none so',
    hint: 'hint: leave it out',
  },
  {
    args: ['doctor', 'a', 'b', '--strategy', 'pre-copy', '--page-port', '9000'],
    message: '--page-port is for memory that goes by a port of its own, and --strategy pre-copy sends none so',
    hint: 'hint: leave it out',
  },
  {
    args: ['doctor', 'a', '--page-port', '9000'],
    message: '--page-port lies between two hosts',
    hint: 'hint: name the destination as well',
  },
  { args: ['show'], message: "missing required argument 'run'", hint: 'hint: transship show --help' },
  { args: ['runs', '--format', 'xml'], message: '--format xml is unknown', hint: 'text or json' },
])('transship $args: exit 2, the message and a hint', async ({ args, message, hint }) => {
  const { exitCode, stderr, stdout } = await transship(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test.each([['--help'], ['--version'], ['testbed --help'], ['help import']])('transship %s: exit 0, on stdout', async (words) => {
  const { exitCode, stderr, stdout } = await transship(words.split(' '));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).not.toBe('');
});
