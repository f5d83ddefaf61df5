import { SyntaxKind } from 'ts-morph';
import { expect, test } from 'vitest';
import { type Import, importsOf, pathOf, programFiles } from './source-files.ts';

interface Room {
  /** Beginnings of paths that may be imported, besides the room's own files and src/error.ts. */
  readonly rooms: readonly string[];
  /** Libraries, `node:` included where the room is to be kept from the outer world. */
  readonly libraries: readonly string[];
}

const node = 'node:';

/** CONTRIBUTING.md, "How the house is laid out": the longest path that fits a file is its room. */
const rooms: Readonly<Record<string, Room>> = {
  'src/cli/': { rooms: ['src/', 'vm/'], libraries: [node, 'commander', 'cli-table3', 'execa'] },
  'src/migrate/': {
    rooms: [
      'src/hosts/',
      'src/wrap/',
      'src/probe/',
      'src/uprobes/',
      'src/receive/',
      'src/evidence/',
      'src/trace/',
      'src/export/live-telemetry.ts',
    ],
    libraries: [node, 'dockerode', '@peculiar/x509', 'reflect-metadata'],
  },
  // Plays and tells: takes hosts up and down, and knows of layers what a log says.
  'src/matrix/': { rooms: ['src/hosts/', 'src/layers/criu/', 'src/evidence/', 'src/trace/', 'vm/'], libraries: [node, 'execa'] },
  'src/hosts/': { rooms: ['src/evidence/', 'src/trace/', 'vm/testbed-state.ts'], libraries: [node, 'dockerode', 'execa'] },
  'src/wrap/': { rooms: ['src/hosts/', 'src/evidence/', 'src/trace/'], libraries: [node] },
  'src/receive/': { rooms: [], libraries: [node, 'protobufjs'] },
  'src/probe/': { rooms: ['src/evidence/', 'src/trace/'], libraries: [node, 'execa'] },
  'src/export/': { rooms: ['src/evidence/', 'src/trace/'], libraries: [node, '@opentelemetry/'] },
  // One layer knows nothing of another, either: each can be read alone.
  'src/layers/criu/': { rooms: ['src/evidence/', 'src/trace/'], libraries: ['node:fs', 'node:path', 'protobufjs'] },
  'src/layers/dockerd/': { rooms: ['src/evidence/', 'src/trace/'], libraries: ['node:fs', 'node:path'] },
  'src/layers/native/': { rooms: ['src/evidence/', 'src/trace/'], libraries: ['node:crypto', 'node:path'] },
  'src/layers/processes/': { rooms: ['src/evidence/', 'src/trace/'], libraries: ['node:fs', 'node:path'] },
  // of instrument/ the table of the path: its names are the spans'
  'src/layers/source/': { rooms: ['src/evidence/', 'src/trace/', 'src/instrument/path-'], libraries: ['node:fs', 'node:path'] },
  'src/layers/transship/': { rooms: ['src/evidence/', 'src/trace/'], libraries: ['node:fs', 'node:path'] },
  // Strangers' archives: the one room that unpacks anything, and it knows nothing of what it unpacks.
  'src/unpack/': { rooms: [], libraries: [node, 'tar', 'fzstd'] },
  // Docker's source: nothing of a run.
  'src/instrument/': { rooms: ['src/hosts/', 'src/evidence/', 'vm/'], libraries: [node, 'execa', 'web-tree-sitter'] },
  // Programs as they were shipped, read and probed: nothing of a run.
  'src/uprobes/': {
    rooms: ['src/hosts/', 'src/evidence/', 'src/instrument/path-', 'src/instrument/name-pattern.ts'],
    libraries: [node, 'iced-x86'],
  },
  'src/catalogue/': { rooms: ['src/layers/', 'src/instrument/path-', 'src/evidence/', 'src/trace/'], libraries: [] },
  // Pure functions: no file, no process, no clock.
  'src/trace/': { rooms: ['src/evidence/'], libraries: ['node:crypto'] },
  'src/evidence/': { rooms: ['src/trace/time.ts'], libraries: [node, 'zod'] },
  'src/error.ts': { rooms: [], libraries: [] },
  'vm/': { rooms: ['src/evidence/', 'src/trace/round-trips.ts', 'src/trace/time.ts'], libraries: [node, 'execa'] },
  'analysis/': { rooms: ['src/cli/', 'src/evidence/', 'src/trace/'], libraries: [node] },
};

const files = programFiles();

function roomOf(path: string): string | undefined {
  return Object.keys(rooms).find((name) => path.startsWith(name));
}

function isAllowed({ from, to }: Import): boolean {
  const name = roomOf(from);
  const room = name === undefined ? undefined : rooms[name];
  if (name === undefined || room === undefined) return false;
  if (!/^(src|vm|analysis|test)\//.test(to)) return room.libraries.some((library) => to.startsWith(library));
  return to === 'src/error.ts' || [name, ...room.rooms].some((allowed) => to.startsWith(allowed));
}

test('every file stands in a room', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.map(pathOf).filter((path) => roomOf(path) === undefined)).toEqual([]);
});

test('a room imports only the rooms and libraries that its row allows', () => {
  const imports = files.flatMap(importsOf);
  expect(imports.length).toBeGreaterThan(500);
  const forbidden = imports.filter((one) => !isAllowed(one));
  expect(forbidden.map(({ from, line, to }) => `${from}:${line} imports ${to}`)).toEqual([]);
});

test('only the command may end the process', () => {
  const ends = files
    .filter((file) => !['src/cli/', 'src/probe/main.ts'].some((allowed) => pathOf(file).startsWith(allowed)))
    .flatMap((file) => file.getDescendantsOfKind(SyntaxKind.CallExpression))
    .filter((call) => ['process.exit', 'process.abort'].includes(call.getExpression().getText()));
  expect(ends.map((call) => `${pathOf(call.getSourceFile())}:${call.getStartLineNumber()}`)).toEqual([]);
});

/** Tables and recorded knowledge grow by rows; reading one row needs no other. */
const tables = ['src/catalogue/attributes.ts', 'src/catalogue/path-debian13.ts', 'src/catalogue/path-testing.ts'];

test('a file has one idea: 250 lines at most, tables excepted', () => {
  const long = files.filter((file) => file.getEndLineNumber() > 250 && !tables.includes(pathOf(file)));
  expect(long.map((file) => `${pathOf(file)}: ${file.getEndLineNumber()} lines`)).toEqual([]);
});

test('a function fits a screen: 40 lines', () => {
  const kinds = [SyntaxKind.FunctionDeclaration, SyntaxKind.MethodDeclaration, SyntaxKind.ArrowFunction] as const;
  const long = files
    .flatMap((file) => kinds.flatMap((kind) => file.getDescendantsOfKind(kind)))
    .map((one) => ({
      place: `${pathOf(one.getSourceFile())}:${one.getStartLineNumber()}`,
      lines: one.getEndLineNumber() - one.getStartLineNumber() + 1,
    }))
    .filter(({ lines }) => lines > 40);
  expect(long.map(({ place, lines }) => `${place}: ${lines} lines`)).toEqual([]);
});
