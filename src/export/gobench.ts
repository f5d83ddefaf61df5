/**
 * Go's benchmark lines: `BenchmarkDump/freeze 1 100979000 ns/op`. One run gives each name once; benchstat compares files that hold many.
 * Format: https://go.dev/design/14313-benchmark-format. No configuration lines: benchstat makes a table of its own for each
 * configuration, and would compare nothing.
 */
import { operationTimes } from '../trace/operation-times.ts';
import type { Trace } from '../trace/span.ts';

export function* goBenchmarks(trace: Pick<Trace, 'spans'>): Generator<string> {
  const lines = [...operationTimes(trace)].map(([name, ns]) => `${benchmarkName(name)} 1 ${ns} ns/op\n`);
  yield lines.join('');
}

/**
 * `criu.dump.memory.write` is `BenchmarkDump/memory/write`, `docker.api GET /info` is `BenchmarkDockerApi/GET/info`: a name has no blanks,
 * goes on with an upper-case letter, and its parts are parted by slashes.
 */
export function benchmarkName(name: string): string {
  const [words = '', ...rest] = name.split(' ');
  const parts = rest.length > 0 ? [words.replaceAll('.', '-')] : words.replace(/^criu\./, '').split('.');
  const [first = '', ...below] = [...parts, ...rest.map((word) => word.replace(/^\//, ''))];
  return ['Benchmark'.concat(pascal(first)), ...below].join('/').replace(/\s/g, '_');
}

function pascal(word: string): string {
  return word
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
