import { mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execaSync } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';

/**
 * `transship import` of a log of 400 MB against a phase scan by hand (`grep` of the same file), in turns; and its memory above a Node
 * that does nothing. The log is a real dump whose tasks are repeated, their times moved on. And what the first answer costs for a log of
 * usual length, that real dump itself.
 *
 *   npm run -s bench:import [-- MB TURNS]
 */
const [megabytes = 400, turns = 5] = process.argv.slice(2).map(Number);
const root = packageRoot();
const folder = mkdtempSync(join(tmpdir(), 'transship-bench-'));
const pattern = '^.[0-9]+\\.[0-9]+.*(Dumping|Freez|Error)';

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
}

/** Wall clock, processor time and peak memory of one process, as GNU time has them. */
function costOf(command: string): Cost {
  const { stderr } = execaSync('/usr/bin/env', ['bash', '-c', `TIMEFORMAT='%R %U %S'; time ${command} >"$OUT"`], {
    env: { OUT: join(folder, 'out'), TRANSSHIP_TRACES: join(folder, 'runs'), LC_ALL: 'C' },
  });
  const [real = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  const [, peak = '0'] = /peak (\d+)/.exec(stderr) ?? [];
  return { wallMs: real * 1000, cpuMs: (user + system) * 1000, peakMb: Number(peak) / 1024 };
}

/** A dump of a Redis, of usual length. */
function usualLog(): Buffer {
  return gunzipSync(readFileSync(join(root, 'test/recorded/criu/c-redis200/dump.log.gz')));
}

function writeLog(path: string): void {
  const lines = usualLog().toString('latin1').split('\n').slice(0, -1);
  const first = lines.findIndex((line) => line.includes(') Dumping task (pid'));
  const last = lines.findLastIndex((line) => line.includes(') Dumping task cwd'));
  const body = lines.slice(first, last + 1).map((line) => ({ line, us: timeOf(line) }));
  const times = body.flatMap(({ us }) => us ?? []);
  const lengthUs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const file = openSync(path, 'w');
  let bytes = writeSync(file, `${lines.slice(0, first).join('\n')}\n`);
  let round = 0;
  for (; bytes < megabytes * 1e6; round += 1)
    bytes += writeSync(
      file,
      body.map(({ line, us }) => `${us === null ? line : stamped(line, us + round * lengthUs)}\n`).join(''),
      null,
      'latin1',
    );
  const tail = lines.slice(last + 1).map((line) => stamped(line, (timeOf(line) ?? 0) + (round - 1) * lengthUs));
  writeSync(file, `${tail.join('\n')}\n`);
}

function timeOf(line: string): number | null {
  const [, seconds, us] = /^\((\d{2})\.(\d{6})\) /.exec(line) ?? [];
  return us === undefined ? null : Number(seconds) * 1e6 + Number(us);
}

/** As CRIU writes it: from 100 s on the last digit is lost. */
function stamped(line: string, us: number): string {
  const text = `${String(Math.floor(us / 1e6)).padStart(2, '0')}.${String(us % 1e6).padStart(6, '0')}`;
  return `(${text.slice(0, 9)}) ${line.slice(12)}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  const log = join(folder, 'dump.log');
  writeLog(log);
  const peak = join(folder, 'peak.mjs');
  writeFileSync(peak, "process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS));\n");
  const node = `${process.execPath} --import ${peak}`;
  const main = join(root, 'dist/src/cli/main.js');
  const ours: Cost[] = [];
  const grep: Cost[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    grep.push(costOf(`grep -cE '${pattern}' ${log} | cat`));
    ours.push(costOf(`${node} ${main} import ${log}`));
    rmSync(join(folder, 'runs'), { recursive: true });
  }
  const usual = join(folder, 'usual.log');
  writeFileSync(usual, usualLog());
  const first = Array.from({ length: 2 * turns - 1 }, () => costOf(`${node} ${main} import ${usual}`));
  const empty = costOf(`${node} -e 0`).peakMb;
  const of = (costs: readonly Cost[], key: keyof Cost) => median(costs.map((cost) => cost[key]));
  const ratios = ours.map(({ wallMs }, turn) => wallMs / (grep[turn]?.wallMs ?? Number.NaN));
  process.stdout.write(
    [
      `log      ${(statSync(log).size / 1e6).toFixed(0)} MB`,
      `import   ${of(ours, 'wallMs').toFixed(0)} ms wall, ${of(ours, 'cpuMs').toFixed(0)} ms of processor`,
      `grep     ${of(grep, 'wallMs').toFixed(0)} ms wall, ${of(grep, 'cpuMs').toFixed(0)} ms of processor`,
      `ratio    ${median(ratios).toFixed(2)}  (import / grep, ${turns} turns, median; ${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
      `memory   ${(of(ours, 'peakMb') - empty).toFixed(0)} MB above an empty Node (${empty.toFixed(0)} MB)`,
      `first    ${of(first, 'cpuMs').toFixed(0)} ms of processor for a log of ${usualLog().toString('latin1').split('\n').length - 1} lines (${first.length} turns, median; ${of(first, 'wallMs').toFixed(0)} ms wall)\n`,
    ].join('\n'),
  );
} finally {
  rmSync(folder, { recursive: true });
}
