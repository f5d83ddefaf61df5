import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { goTree, littleRunc } from '../../test/go-tree.ts';
import { applyChanges, unifiedDiff } from './file-changes.ts';
import { goFilesIn } from './go-files.ts';
import { planInjection, planRemoval } from './inject.ts';
import type { PathRule } from './path-rule.ts';
import { pathRules } from './path-rules.ts';

const names = ['runc.checkpoint-command', 'runc.get-container', 'runc.container-checkpoint', 'runc.criu-swrk'];
const rules: readonly PathRule[] = pathRules
  .filter(({ name }) => names.includes(name))
  .map((rule) => (rule.name === 'runc.get-container' ? { ...rule, attributes: { 'container.id': 'id' } } : rule));
const criu = 'libcontainer/criu_linux.go';

let folder = '';
beforeEach(() => {
  folder = goTree(littleRunc);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inject = async () => applyChanges((await planInjection([folder], rules, false)).changes);
const remove = () => applyChanges(planRemoval(goFilesIn([folder]).map(({ path }) => path)));

/** Every file of the folder with its text. */
function everything(): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    paths.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'utf8')]).sort(),
  );
}

test('a span stands on the line of the body, with its attributes, and the error where it has a name', async () => {
  const before = readFileSync(join(folder, criu), 'utf8').split('\n');
  await inject();
  const after = readFileSync(join(folder, criu), 'utf8').split('\n');
  expect(after).toHaveLength(before.length);
  expect(after.filter((line, index) => line !== before[index])).toEqual([
    'func (c *Container) Checkpoint(path string) (err error) { /*transship:begin*/ defer transshipSpan("runc.container-checkpoint", "libcontainer.(*Container).Checkpoint", "container.id", c.id)(&err); /*transship:end*/',
    ') error { /*transship:begin*/ defer transshipSpan("runc.criu-swrk", "libcontainer.(*Container).criuSwrk", "container.id", c.id, "criu.request", req.GetType().String())(); /*transship:end*/',
  ]);
  expect(readFileSync(join(folder, 'libcontainer/zz_transship_span.go'), 'utf8')).toMatch(
    /^\/\/ Code generated .*\n\npackage libcontainer\n/,
  );
  expect(readFileSync(join(folder, 'checkpoint.go'), 'utf8')).toContain(
    '"container.id", id)(); /*transship:end*/ return &libcontainer',
  );
});

test('again: nothing to do; removed: the same to the byte', async () => {
  const before = everything();
  await inject();
  const once = everything();
  expect((await planInjection([folder], rules, false)).changes).toEqual([]);
  await inject();
  expect(everything()).toEqual(once);
  remove();
  expect(everything()).toEqual(before);
  remove();
  expect(everything()).toEqual(before);
});

test('a file with carriage returns, a byte-order mark and no last newline comes back to the byte', async () => {
  const odd = `\ufeff${(littleRunc[criu] as string).replaceAll('\n', '\r\n').trimEnd()}`;
  writeFileSync(join(folder, criu), odd);
  await inject();
  expect(readFileSync(join(folder, criu), 'utf8')).not.toBe(odd);
  remove();
  expect(readFileSync(join(folder, criu), 'utf8')).toBe(odd);
});

test('what has no span says why', async () => {
  const { without, spans } = await planInjection([folder], rules, false);
  expect(spans).toBe(3);
  expect(without).toMatchObject([{ name: 'runc.checkpointCommand.Action', why: expect.stringContaining('a closure') }]);
});

test('the diff has a hunk a line, and a file that is made', async () => {
  const diff = unifiedDiff((await planInjection([folder], rules, false)).changes).replaceAll(folder, '');
  expect(diff).toContain('--- /checkpoint.go\n+++ /checkpoint.go\n@@ -17 +17 @@\n-func getContainer');
  expect(diff).toContain('--- /dev/null\n+++ /libcontainer/zz_transship_span.go\n@@ -0,0 +1,');
});

test.each([
  [
    'a rule that matches nothing',
    (text: string) => text.replaceAll('criuSwrk', 'criuServe'),
    /criu_linux\.go:23: the rule runc\.criu-swrk matches nothing/,
  ],
  ['a file that is no Go', (text: string) => `${text}\nfunc {\n`, /criu_linux\.go:\d+: this is no Go/],
  [
    'a tree instrumented by another version',
    (text: string) => text.replace('(err error) {', '(err error) { /*transship:begin*/ defer other()(); /*transship:end*/'),
    /criu_linux\.go:14: instrumented already/,
  ],
])('%s: an error with its place, the tree unchanged', async (_, change, message) => {
  writeFileSync(join(folder, criu), change(littleRunc[criu] as string));
  const before = everything();
  await expect(inject()).rejects.toMatchObject({ code: 'input', message: expect.stringMatching(message) });
  expect(everything()).toEqual(before);
});

test('a half-instrumented tree is not mended silently', async () => {
  await inject();
  writeFileSync(join(folder, 'checkpoint.go'), littleRunc['checkpoint.go'] as string);
  await expect(inject()).rejects.toMatchObject({ message: expect.stringContaining('or half') });
});

test('a file that cannot be written: nothing was', async () => {
  const { changes } = await planInjection([folder], rules, false);
  const before = everything();
  const cannot = { path: join(folder, 'no/such/folder.go'), before: null, after: 'package x\n' };
  expect(() => applyChanges([...changes, cannot])).toThrow(/no\/such\/folder\.go.*the tree is as it was/);
  expect(everything()).toEqual(before);
});
