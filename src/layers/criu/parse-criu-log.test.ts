import { join } from 'node:path';
import { execaSync } from 'execa';
import { Project } from 'ts-morph';
import { expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { packageRoot } from '../../evidence/run-folder.ts';
import { parseCriuLog } from './parse-criu-log.ts';

test('a log at once, in pieces, or as a stream says the same', async () => {
  const bytes = readRecorded('g-rst-missing-file', 'restore.log');
  const whole = await parseCriuLog(bytes);
  expect(whole).toMatchObject({ kind: 'restore', version: '4.1.1', outcome: 'failed', lines: 170 });
  expect(whole.failure).toMatchObject({ phase: 'criu.restore.files', line: 166, cause: expect.stringMatching(/is not there/) });
  expect(whole.tree?.parts.map(({ name }) => name)).toEqual(whole.phases.map(({ name }) => name));
  const pieces = Array.from({ length: 40 }, (_, index) => bytes.subarray(index * 1000, index * 1000 + 1000));
  expect(await parseCriuLog(pieces)).toEqual(whole);
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces.filter(({ byteLength }) => byteLength > 0)) controller.enqueue(piece);
      controller.close();
    },
  });
  expect(await parseCriuLog(stream as unknown as AsyncIterable<Uint8Array>)).toEqual(whole);
});

test('with its statistics, which throw when they are damaged', async () => {
  const log = readRecorded('a-tiny-cold', 'dump.log');
  const statistics = readRecorded('a-tiny-cold', 'stats-dump');
  expect((await parseCriuLog(log, { statistics })).statistics).toMatchObject({ frozen_time: 71_753 });
  await expect(parseCriuLog(log, { file: 'x', statistics: statistics.subarray(0, 20) })).rejects.toThrow(
    'statistics of x: offset 20: cut',
  );
});

test('nothing in it needs Node', () => {
  const project = new Project({ tsConfigFilePath: join(packageRoot(), 'tsconfig.json'), skipAddingFilesFromTsConfig: true });
  const waiting = [project.addSourceFileAtPath(join(import.meta.dirname, 'parse-criu-log.ts'))];
  const seen = new Set<string>();
  const libraries = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file.getFilePath())) continue;
    seen.add(file.getFilePath());
    for (const one of file.getImportDeclarations().filter((declaration) => !declaration.isTypeOnly())) {
      const name = one.getModuleSpecifierValue();
      if (!name.startsWith('.')) libraries.add(name);
      else waiting.push(project.addSourceFileAtPath(join(file.getDirectoryPath(), name)));
    }
  }
  expect(seen.size).toBeGreaterThan(15);
  expect([...libraries]).toEqual(['protobufjs']);
});

test('the package exports it under the name that the docs give', () => {
  const program =
    "import { parseCriuLog } from 'transship/criu'; console.log((await parseCriuLog(new TextEncoder().encode('(00.000001) Version: 4.1.1 (gitid 0)\\n'))).version)";
  const { stdout } = execaSync('node', ['--input-type=module', '-e', program], { cwd: packageRoot() });
  expect(stdout).toBe('4.1.1');
});
