import { expect, test } from 'vitest';
import { handMadeTrace } from '../../test/hand-made-trace.ts';
import { operationCatalogue } from '../catalogue/operations.ts';
import { benchmarkName, goBenchmarks } from './gobench.ts';

test('a line a name; tasks that overlap count a moment once', () => {
  expect([...goBenchmarks(handMadeTrace())].join('')).toBe(
    [
      'BenchmarkMigration 1 5000500 ns/op',
      'BenchmarkDump 1 2000999 ns/op',
      'BenchmarkDump/task 1 1100000 ns/op', // 200-700 and 400-1300 µs
      'BenchmarkRestore 1 1500000 ns/op',
      '',
    ].join('\n'),
  );
});

test.each([
  ['criu.dump.freeze', 'BenchmarkDump/freeze'],
  ['criu.page-server.session', 'BenchmarkPageServer/session'],
  ['docker.api POST /containers/{id}/checkpoints', 'BenchmarkDockerApi/POST/containers/{id}/checkpoints'],
  ['shell ssh', 'BenchmarkShell/ssh'],
])('%s is %s', (name, benchmark) => {
  expect(benchmarkName(name)).toBe(benchmark);
});

test('each name that a span can have gives a name of its own that Go’s format takes', () => {
  const names = [...new Set(operationCatalogue.map(({ name }) => name))].map(benchmarkName);
  // golang.org/design/14313: `Benchmark`, an upper-case letter, no blanks; a last part `-4` would be the number of processors
  expect(names.filter((name) => !/^Benchmark[A-Z]\S*$/.test(name) || /-\d+$/.test(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
