import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { goTree, littleRunc } from '../../test/go-tree.ts';
import { isBuilt } from './build-constraint.ts';
import { mentionsOf } from './mentions.ts';
import { matchesName } from './name-pattern.ts';
import type { PathRule } from './path-rule.ts';
import { pathRules } from './path-rules.ts';
import { scanSources } from './scan.ts';
import { callGraphMermaid, callGraphText, scanDocument } from './scan-text.ts';

let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = [
  'runc.checkpoint-command',
  'runc.get-container',
  'runc.container-checkpoint',
  'runc.check-criu-version',
  'runc.criu-swrk',
];
const rules: readonly PathRule[] = pathRules.filter(({ name }) => names.includes(name));

test('functions by rule, with any receiver, closures too; a file of another build is passed over', async () => {
  folder = goTree(littleRunc);
  const { functions } = scanDocument(await scanSources([folder], rules));
  expect(functions.map((one) => [one.name, one.function, one.file.slice(folder.length), one.line])).toEqual([
    ['runc.checkpoint-command', 'checkpointCommand.Action', '/checkpoint.go', 8],
    ['runc.get-container', 'getContainer', '/checkpoint.go', 17],
    ['runc.container-checkpoint', '(*Container).Checkpoint', '/libcontainer/criu_linux.go', 14],
    ['runc.criu-swrk', '(*Container).criuSwrk', '/libcontainer/criu_linux.go', 23],
  ]);
  expect(functions[2]).toMatchObject({
    layer: 'runc',
    package: 'github.com/opencontainers/runc/libcontainer',
    signature: 'func (c *Container) Checkpoint(path string) (err error)',
    doc: 'Checkpoint writes the container down.',
  });
});

test('what a rule no longer finds is told, with the nearest there is', async () => {
  const other = '//go:build windows\n\npackage libcontainer\n\nfunc checkCriuVersion() {}\n';
  folder = goTree({ ...littleRunc, 'libcontainer/other.go': other });
  const { missed } = scanDocument(await scanSources([folder], rules));
  expect(missed).toMatchObject([
    { name: 'runc.check-criu-version', candidates: [{ line: 21, name: '(*Container).checkVersion', why: 'renamed' }] },
  ]);
});

/*
 * checkpointCommand.Action ── getContainer
 *                         └── Checkpoint ── criuSwrk ── exec criu
 */
test('the call graph, as text and for Mermaid; what is called no more has no line', async () => {
  folder = goTree(littleRunc);
  const scan = await scanSources([folder], rules);
  const text = callGraphText(scan).replaceAll(folder, '');
  expect(text.split('\n').map((line) => line.replace(/ {2}\/.*/, ''))).toEqual([
    'runc.checkpointCommand.Action',
    '  runc.getContainer',
    '  libcontainer.(*Container).Checkpoint',
    '    libcontainer.(*Container).criuSwrk',
    '      exec criu',
  ]);
  expect(callGraphMermaid(scan)).toContain('runc_criu_swrk -- exec --> criu');
  writeFileSync(
    join(folder, 'checkpoint.go'),
    (littleRunc['checkpoint.go'] as string).replace('container.Checkpoint(id)', 'nil'),
  );
  const { calls } = await scanSources([folder], rules);
  expect(calls.find(({ to }) => to === 'runc.container-checkpoint')).toMatchObject({ line: null });
});

test('a vendored copy stands in where the project itself is not there', async () => {
  const vendored = Object.entries(littleRunc).map(([path, text]) => [`vendor/github.com/opencontainers/runc/${path}`, text]);
  folder = goTree({ ...littleRunc, ...Object.fromEntries(vendored) });
  const { functions } = await scanSources([folder], rules);
  expect(functions.filter(({ file }) => file.isVendored)).toEqual([]);
});

test('of a project that is vendored alone its copy is looked at, with a go.mod of its own or without; what it lacks is not missed', async () => {
  const vendored = Object.entries(littleRunc).map(([path, text]) => [`vendor/github.com/opencontainers/runc/${path}`, text]);
  folder = goTree({
    'go.mod': 'module github.com/containerd/go-runc\n',
    'runc.go': 'package runc\n\nfunc (r *Runc) Checkpoint() error { return r.runOrError() }\n',
    ...Object.fromEntries(vendored),
  });
  const { functions, missed } = await scanSources([folder], pathRules);
  expect(functions.map(({ rule, file }) => [rule.name, file.isVendored])).toEqual([
    ['go-runc.checkpoint', false],
    ['runc.checkpoint-command', true],
    ['runc.get-container', true],
    ['runc.container-checkpoint', true],
    ['runc.criu-swrk', true],
  ]);
  expect(missed.map(({ rule }) => rule.name)).toEqual(['go-runc.pause', 'go-runc.restore']);
});

test('a checkout without a go.mod is known by its import comments (moby before v22)', async () => {
  const path = 'github.com/docker/docker/daemon';
  folder = goTree({
    'daemon/checkpoint.go': `package daemon // import "${path}"\n\nfunc (daemon *Daemon) CheckpointCreate() error { return nil }\n`,
  });
  const { functions } = await scanSources([folder], pathRules);
  expect(functions.map(({ rule, file }) => [rule.name, file.package])).toEqual([['dockerd.checkpoint-create', path]]);
});

test.each([
  ['a folder without Go', { 'README.md': 'x' }, /no Go file/],
  ['no project of the path', { 'go.mod': 'module example.org/x\n', 'x.go': 'package x\n' }, /no project of the path/],
  [
    'a file that is no Go',
    { ...littleRunc, 'libcontainer/bad.go': 'package libcontainer\n\nfunc broken( {\n' },
    /libcontainer\/bad\.go:3: this is no Go/,
  ],
  [
    'a file that is no UTF-8',
    { ...littleRunc, 'libcontainer/criu_linux.go': Buffer.from([0x70, 0xff]) as unknown as string },
    /criu_linux\.go: /,
  ],
])('%s is an error with its place', async (_, files, message) => {
  folder = goTree(files as Record<string, string>);
  await expect(scanSources([folder], rules)).rejects.toMatchObject({ code: 'input', message: expect.stringMatching(message) });
});

test.each([
  ['a_linux.go', '', true],
  ['a_windows.go', '', false],
  ['a_test.go', '', false],
  ['a_arm64.go', '', false],
  ['a.go', '//go:build !windows && (linux || darwin)', true],
  ['a.go', '//go:build !linux', false],
  ['a.go', '//go:build ignore || (linux && !cgo)', false],
])('%s with "%s" takes part in the build: %s', (name, constraint, isIn) => {
  expect(isBuilt(name, `// a licence\n\n${constraint}\n\npackage a\n`)).toBe(isIn);
});

test.each([
  ['*.Restore', '(*Container).Restore', true],
  ['*.Restore', 'Restore', false],
  ['(*T).run', '(*T).run', true],
  ['(*T).run', '(*TT).run', false],
  ['checkpoint*', 'checkpointTask', true],
])('%s against %s: %s', (pattern, name, isMatch) => expect(matchesName(pattern, name)).toBe(isMatch));

test('every mention of criu, by what it is', () => {
  folder = goTree({
    ...littleRunc,
    'flags.go':
      'package main\n\n// criu is found by PATH\nvar flag = "criu-path"\nvar criuVersion int\n\n/* also\ncriu here */\n',
    'vendor/github.com/x/criu/a.go': 'package criu\n',
    'README.md': 'needs criu\n',
  });
  const kinds = mentionsOf('criu', [folder]).map(({ kind, file, line }) => `${file.slice(folder.length + 1)}:${line} ${kind}`);
  expect(kinds).toEqual([
    'README.md:1 document',
    'flags.go:3 comment',
    'flags.go:4 option',
    'flags.go:5 name',
    'flags.go:8 comment',
    'libcontainer/criu_disabled_linux.go:1 comment',
    'libcontainer/criu_linux.go:18 call',
    'libcontainer/criu_linux.go:23 call',
    'libcontainer/criu_linux.go:26 call',
    'vendor/github.com/x/criu/a.go:1 vendored',
  ]);
});

test('rules name each other rightly, and each function once', () => {
  const all = pathRules.map(({ name }) => name);
  expect(new Set(all).size).toBe(all.length);
  for (const { calls = [] } of pathRules) for (const { to } of calls) expect([...all, 'criu']).toContain(to);
});
