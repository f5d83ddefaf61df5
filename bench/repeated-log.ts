import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** A real dump whose tasks are repeated, their times moved on, until it is enough. */
export function writeRepeatedLog(path: string, isEnough: (bytes: number, lines: number) => boolean): void {
  const packed = readFileSync(join(packageRoot(), 'test/recorded/criu/c-redis200/dump.log.gz'));
  const lines = gunzipSync(packed).toString('latin1').split('\n').slice(0, -1);
  const first = lines.findIndex((line) => line.includes(') Dumping task (pid'));
  const last = lines.findLastIndex((line) => line.includes(') Dumping task cwd'));
  const body = lines.slice(first, last + 1).map((line) => ({ line, us: timeOf(line) }));
  const times = body.flatMap(({ us }) => us ?? []);
  const lengthUs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const file = openSync(path, 'w');
  let bytes = writeSync(file, `${lines.slice(0, first).join('\n')}\n`);
  let round = 0;
  for (; !isEnough(bytes, first + round * body.length); round += 1)
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
