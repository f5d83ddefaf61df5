import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ExecaError, execa, type Result } from 'execa';
import { TransshipError } from '../error.ts';
import { appendRecord } from '../evidence/json-lines.ts';
import type { ProbeReading } from '../evidence/manifest.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import type { ProbeConfig, ProbeMessage } from './observer-message.ts';

const readyLimitMs = 5_000;
const stopLimitMs = 5_000;

export interface ProbesOptions extends ProbeConfig {
  /** Words before the command that bring it to where the targets can be reached: `Host.networkPrefix`. */
  readonly networkPrefix: readonly string[];
  /** `evidence/probe.jsonl` of the run: records are appended as they are made, so that they outlive a killed controller. */
  readonly evidenceFile: string;
}

/** The running observer. Closed without `stop`, it ends and its readings are lost. */
export interface Probes extends AsyncDisposable {
  /** True at the first good answer of both probes; false if there was none in 5 s, or the observer has ended. */
  readonly ready: Promise<boolean>;
  /** Ends the observer, and gives what each probe read. Never throws: a probe that failed has a null gap and says why. */
  stop(): Promise<readonly ProbeReading[]>;
}

/**
 * Starts the outside observer of downtime in a process of its own.
 * @throws TransshipError `failed` when there is no built program to run.
 */
export async function startProbes(options: ProbesOptions): Promise<Probes> {
  const { targets, protocol } = options;
  const program = join(packageRoot(), 'dist', 'src', 'probe', 'main.js');
  if (!existsSync(program)) throw new TransshipError('failed', `${program}: no such file`, 'npm run build makes it');
  const words = [...options.networkPrefix, process.execPath, program, JSON.stringify({ targets, protocol })];
  const [file = process.execPath, ...args] = words;
  const child = execa(file, args, { reject: false, stdin: 'pipe', buffer: { stdout: false, stderr: true }, maxBuffer: 100_000 });
  child.stdin.on('error', () => {}); // it has ended before we told it to
  const inbox = createInbox(options.evidenceFile);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => inbox.take(line));
  const linesEnded = new Promise<void>((resolve) => lines.once('close', () => resolve()));
  const ended = Promise.all([child, linesEnded]).then(([result]) => result);

  let readings: Promise<readonly ProbeReading[]> | null = null;
  const stop = async (): Promise<readonly ProbeReading[]> => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    const result = await ended;
    clearTimeout(timer);
    return inbox.readings() ?? failedReadings(result);
  };
  const stopOnce = () => {
    readings ??= stop();
    return readings;
  };
  return {
    ready: within(readyLimitMs, inbox.bothAnswered, ended),
    stop: stopOnce,
    async [Symbol.asyncDispose]() {
      await stopOnce();
    },
  };
}

interface Inbox {
  take(line: string): void;
  readonly bothAnswered: Promise<void>;
  readings(): readonly ProbeReading[] | null;
}

function createInbox(evidenceFile: string): Inbox {
  const answered = new Set<string>();
  let readings: readonly ProbeReading[] | null = null;
  let failure: string | null = null;
  let tellAnswered = () => {};
  const bothAnswered = new Promise<void>((resolve) => {
    tellAnswered = resolve;
  });
  const handle = (message: ProbeMessage): void => {
    if (message.event === 'summary') readings = message.readings;
    if (message.event === 'answer') answered.add(message.probe);
    if (answered.size === 2) tellAnswered();
    if (message.event === 'record') appendRecord(evidenceFile, message.record);
  };
  return {
    bothAnswered,
    readings: () => readings?.map((reading) => withNote(reading, failure)) ?? null,
    take(line) {
      try {
        handle(JSON.parse(line) as ProbeMessage);
      } catch (error) {
        // A full disk here must not end a migration that is under way: the readings are told all the same.
        failure ??= `not all of it is kept: ${(error as Error).message}`;
      }
    },
  };
}

function withNote(reading: ProbeReading, more: string | null): ProbeReading {
  return more === null ? reading : { ...reading, note: reading.note === null ? more : `${reading.note}; ${more}` };
}

async function within(limitMs: number, good: Promise<void>, bad: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const result = await Promise.race([good.then(() => true), bad.then(() => false), late]);
  clearTimeout(timer);
  return result;
}

function failedReadings(result: Result | ExecaError): readonly ProbeReading[] {
  const lines = String(result.stderr ?? '')
    .split('\n')
    .map((line) => line.trim());
  const said = lines.find((line) => /error:/i.test(line)) ?? lines.find((line) => line !== '') ?? shortMessageOf(result);
  return noReadings(`the observer ended without a summary: ${said}`);
}

/** Of probes that read nothing, for the reason in `note`. */
export function noReadings(note: string): readonly ProbeReading[] {
  const empty = { target: null, gapUs: null, gapStartNs: null, gapEndNs: null, resolutionUs: 0, retransmits: null, note };
  return [
    { ...empty, kind: 'requests' },
    { ...empty, kind: 'connection' },
  ];
}

/** `Command failed with ENOENT: …`, `… was killed with SIGKILL`: execa's words where the program said none. */
function shortMessageOf(result: Result | ExecaError): string {
  return 'shortMessage' in result && typeof result.shortMessage === 'string' ? result.shortMessage : 'it said nothing';
}
