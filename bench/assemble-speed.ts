import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { loadTrace } from '../src/cli/load-trace.ts';
import { packageRoot, runFiles } from '../src/evidence/run-folder.ts';
import { medianInterval, medianOf } from '../src/trace/median-interval.ts';
import { writeRepeatedLog } from './repeated-log.ts';

/**
 * A run whose dump.log has so many lines: evidence → spans → OTLP, written to disk, in a Node that has warmed up, against a phase scan by hand
 * (`grep -cE`) of the same files, in turns; both by the wall clock. The exit status is 5 when the median ratio is above 5.
 *
 *   npm run -s bench:assemble [-- LINES TURNS]
 */
const [wanted = 100_000, turns = 9] = process.argv.slice(2).map(Number);
const worst = 5;
const pattern = '^.[0-9]+\\.[0-9]+.*(Dumping|Freez|Error)';
const folder = mkdtempSync(join(tmpdir(), 'transship-bench-'));

function msOf(action: () => void): number {
  const begun = performance.now();
  action();
  return performance.now() - begun;
}

try {
  const path = join(folder, 'sample-redis');
  cpSync(join(packageRoot(), 'traces/sample-redis'), path, { recursive: true });
  const logs = ['a/criu/dump.log', 'b/criu/restore.log'].map((name) => join(path, 'evidence', name));
  writeRepeatedLog(logs[0] ?? '', (_, lines) => lines >= wanted);
  const lines = logs.reduce((sum, log) => sum + readFileSync(log, 'latin1').split('\n').length - 1, 0);
  const run = { run: 'sample-redis', path };
  let spans = 0;
  const load = () => {
    spans = loadTrace(run).spans.length;
  };
  const grep = () => execaSync('grep', ['-cE', pattern, ...logs], { env: { LC_ALL: 'C' } });
  for (let turn = 0; turn < 3; turn += 1) [load, grep].map(msOf);
  const pairs = Array.from({ length: turns }, () => ({ ours: msOf(load), grep: msOf(grep) }));
  const { median, low, high } = medianInterval(pairs.map((pair) => pair.ours / pair.grep));
  const written = readFileSync(join(path, runFiles.trace)).byteLength;
  const per = (ms: number) => ((ms / lines) * 100_000).toFixed(1);
  process.stdout.write(
    [
      `evidence  ${lines} lines of CRIU's logs, ${spans} spans, ${(written / 1e3).toFixed(0)} kB of OTLP`,
      `assemble  ${per(medianOf(pairs.map((pair) => pair.ours)))} ms per 100,000 lines`,
      `grep -cE  ${per(medianOf(pairs.map((pair) => pair.grep)))} ms per 100,000 lines`,
      `ratio     ${median.toFixed(2)}  (assemble / grep, ${turns} turns, median, 95 % interval ${low.toFixed(2)}-${high.toFixed(2)})\n`,
    ].join('\n'),
  );
  if (median > worst) process.exitCode = 5;
} finally {
  rmSync(folder, { recursive: true });
}
