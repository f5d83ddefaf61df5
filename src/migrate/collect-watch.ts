import { appendFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRecord } from '../evidence/records.ts';
import type { Host } from '../hosts/host.ts';
import { fetchFile } from './fetch-file.ts';
import { fromSeconds } from './mark.ts';
import { watchFolder } from './watch.ts';

/** `kernel.trace`: the kernel's events as they are, with the marks that tell its clock. */
export async function collectKernel(host: Host, target: string): Promise<void> {
  await take(host, 'kernel.trace', join(target, 'kernel.trace'));
}

/**
 * `wrap.jsonl`: the calls that the wrappers noted, as they are but for their form. Other containers' calls are nobody's business here; a
 * program's own calls of others (runc's of CRIU) name no container, and are kept.
 */
export async function collectCalls(host: Host, target: string, containerId: string | null): Promise<void> {
  const [raw, noticed] = [await read(host, target, 'calls'), await read(host, target, 'noticed')];
  const calls = parseCalls(raw, noticed).filter(({ argv }) => !argv.some((word) => isOtherId(word, containerId)));
  if (calls.length > 0) appendFileSync(join(target, 'wrap.jsonl'), calls.map((call) => `${JSON.stringify(call)}\n`).join(''));
}

function isOtherId(word: string, containerId: string | null): boolean {
  return /^[0-9a-f]{64}$/.test(word) && word !== containerId;
}

async function read(host: Host, target: string, name: string): Promise<string> {
  const file = join(target, name);
  await take(host, name, file);
  if (!existsSync(file)) return '';
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  return text;
}

async function take(host: Host, name: string, file: string): Promise<void> {
  await fetchFile(host, `${watchFolder}/${name}`, file);
  if (statSync(file).size === 0) rmSync(file);
}

/**
 * @param text words that end in NUL: `call`, process id, parent's, traceparent, name, number of words, words (src/wrap/host/call.sh)
 * @param noticed lines `begin PID TIME` and `end PID TIME STATUS`, in the order of the calls (src/wrap/host/notice.pl)
 */
export function parseCalls(text: string, noticed: string): readonly CallRecord[] {
  const words = text.split('\0');
  const calls: CallRecord[] = [];
  const times = parseNoticed(noticed);
  for (let at = 0; at + 6 < words.length; ) {
    const [mark, pid, parent, traceparent = '', program = '', count] = words.slice(at, at + 6);
    const length = Number(count);
    const isWhole = mark === 'call' && /^\d+$/.test(pid ?? '') && /^\d+$/.test(count ?? '') && at + 6 + length < words.length;
    if (!isWhole) {
      at += 1; // what two writers have mixed, or was cut short
      continue;
    }
    const seen = times.get(Number(pid))?.shift() ?? { startNs: null, endNs: null, exitCode: null };
    const argv = words.slice(at + 6, at + 6 + length);
    const ids = { pid: Number(pid), parentPid: Number(parent), argv, traceparent: traceparent === '' ? null : traceparent };
    calls.push({ program, ...seen, ...ids });
    at += 6 + length;
  }
  return calls;
}

type Noticed = { -readonly [Key in 'startNs' | 'endNs' | 'exitCode']: CallRecord[Key] };

/** A process id that comes again is another call. */
function parseNoticed(text: string): Map<number, Noticed[]> {
  const times = new Map<number, Noticed[]>();
  for (const line of text.split('\n')) {
    const [, word, pid = '', time = '', status] = /^(begin|end) (\d+) (\d+\.\d{6})(?: (\d+|-))?$/.exec(line) ?? [];
    if (word === undefined) continue;
    const own = times.get(Number(pid)) ?? [];
    times.set(Number(pid), own);
    const last = own.at(-1);
    if (word === 'begin') own.push({ startNs: String(fromSeconds(time)), endNs: null, exitCode: null });
    else if (last !== undefined) {
      last.endNs = String(fromSeconds(time));
      last.exitCode = status === undefined || status === '-' ? null : Number(status);
    }
  }
  return times;
}
