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
  const raw = join(target, 'calls');
  await take(host, 'calls', raw);
  if (!existsSync(raw)) return;
  const calls = parseCalls(readFileSync(raw, 'utf8')).filter(({ argv }) => !argv.some((word) => isOtherId(word, containerId)));
  rmSync(raw);
  if (calls.length > 0) appendFileSync(join(target, 'wrap.jsonl'), calls.map((call) => `${JSON.stringify(call)}\n`).join(''));
}

function isOtherId(word: string, containerId: string | null): boolean {
  return /^[0-9a-f]{64}$/.test(word) && word !== containerId;
}

async function take(host: Host, name: string, file: string): Promise<void> {
  await fetchFile(host, `${watchFolder}/${name}`, file);
  if (statSync(file).size === 0) rmSync(file);
}

/** Words that end in NUL: `call`, time, process id, parent's, traceparent, name, number of words, words (src/wrap/host/call.sh). */
export function parseCalls(text: string): readonly CallRecord[] {
  const words = text.split('\0');
  const calls: CallRecord[] = [];
  for (let at = 0; at + 6 < words.length; ) {
    const [mark, time = '', pid, parent, traceparent = '', program = '', count] = words.slice(at, at + 7);
    const length = Number(count);
    const isWhole = mark === 'call' && /^\d+\.\d{6}$/.test(time) && Number.isInteger(length) && at + 7 + length < words.length;
    if (!isWhole) {
      at += 1; // what two writers have mixed, or was cut short
      continue;
    }
    calls.push({
      program,
      atNs: String(fromSeconds(time)),
      pid: Number(pid),
      parentPid: Number(parent),
      argv: words.slice(at + 7, at + 7 + length),
      traceparent: traceparent === '' ? null : traceparent,
    });
    at += 7 + length;
  }
  return calls;
}
