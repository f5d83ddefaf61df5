import { randomBytes } from 'node:crypto';
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { TransshipError } from '../error.ts';
import type { ApiRecord } from '../evidence/records.ts';
import { nowNs } from '../trace/time.ts';
import type { Link } from './link.ts';
import { patient } from './patience.ts';

export interface CallObserver {
  onApiCall(record: ApiRecord): void;
  /** Of the trace that the calls are part of; null: they carry none. */
  traceId(): string | null;
}

/**
 * Longest that a call may take whose caller sets no limit of its own; the first row that fits. Docker itself knows none: a dockerd that
 * stands still would hold a move for ever. A start may wait inside for a dump and a restore of ten minutes each.
 */
const limits = [
  { calls: /^POST \S+\/start\b/, limitMs: 1_800_000 },
  { calls: /^POST \S+\/checkpoints\b/, limitMs: 660_000 },
  { calls: /^POST \S+\/kill\b|^DELETE /, limitMs: 120_000 },
  { calls: /^GET /, limitMs: 30_000 },
  { calls: /^/, limitMs: 60_000 },
] as const;

/** Of a dockerd that let a limit pass, or did not answer a ping, until it answers again: what a move still has to ask of it would add up to minutes. */
const silentLimitMs = 5_000;

/** Query values that say what was done; any other value could be a secret and is left out of the record. */
const tellingKeys = new Set([
  'all',
  'checkpoint',
  'dir',
  'force',
  'fromImage',
  'fromSrc',
  'name',
  'names',
  'path',
  'repo',
  'signal',
  't',
  'tag',
  'v',
]);

export interface DockerApi {
  readonly docker: Dockerode;
  close(): void;
}

/** Docker's API by dockerode over connections that `dial` makes; they are kept alive and reused. */
export async function openDockerApi(link: Link, dial: () => Duplex, observer: CallObserver): Promise<DockerApi> {
  const { default: Docker } = await import('dockerode');
  const agent = dialAgent(dial, observer);
  const docker = new Docker({ agent, host: 'http://docker', protocol: 'http' } as Dockerode.DockerOptions);
  boundCalls(docker.modem as Modem, link);
  return { docker, close: () => agent.destroy() };
}

function dialAgent(dial: () => Duplex, observer: CallObserver): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const { addRequest } = agent as unknown as { addRequest: (request: ClientRequest, ...rest: unknown[]) => void };
  return Object.assign(agent, {
    createConnection: () => dial(),
    addRequest(request: ClientRequest, ...rest: unknown[]) {
      recordCall(request, observer);
      addRequest.call(agent, request, ...rest);
    },
  });
}

/** One record a call, when its answer has ended (an upgraded connection: when it began). */
function recordCall(request: ClientRequest, observer: CallObserver): void {
  const identity = traced(request, observer.traceId());
  const startNs = String(nowNs());
  let isTold = false;
  const tell = (status: number | null, error: string | null) => {
    if (isTold) return;
    isTold = true;
    const path = withoutSecrets(request.path);
    observer.onApiCall({ method: request.method, path, status, startNs, endNs: String(nowNs()), error, ...identity });
  };
  request.once('upgrade', (response: IncomingMessage) => tell(response.statusCode ?? null, null));
  request.once('response', (response: IncomingMessage) => {
    response.once('close', () => tell(response.statusCode ?? null, response.complete ? null : 'the answer was cut short'));
  });
  request.once('error', (error) => tell(null, error.message));
}

/** Tells the daemon whose child its own span is, and that it is to be kept: https://www.w3.org/TR/trace-context/#traceparent-header */
function traced(request: ClientRequest, traceId: string | null): Pick<ApiRecord, 'spanId'> {
  if (traceId === null || request.headersSent) return {};
  const spanId = randomBytes(8).toString('hex');
  request.setHeader('traceparent', `00-${traceId}-${spanId}-01`);
  return { spanId };
}

export function withoutSecrets(path: string): string {
  const [place = '', query] = path.split('?', 2);
  if (!query) return place;
  const pairs = [...new URLSearchParams(query)].map(([key, value]) => `${key}=${tellingKeys.has(key) ? value : '…'}`);
  return `${place}?${pairs.join('&')}`;
}

type Callback = (error: (Error & { statusCode?: number }) | null, result: unknown) => void;
interface Call {
  readonly path: string;
  readonly method: string;
  readonly isStream?: boolean;
  readonly hijack?: boolean;
  readonly abortSignal?: AbortSignal;
}
interface Modem {
  dial(call: Call, callback: Callback): void;
}

/** Puts a limit on every call but streams, and turns "socket hang up" into an error that names the host. HTTP's own errors pass as they are. */
function boundCalls(modem: Modem, link: Link): void {
  const dial = modem.dial.bind(modem);
  let isSilent = false;
  modem.dial = (call, callback) => {
    const isOpenEnded = call.isStream === true || call.hijack === true || call.abortSignal !== undefined;
    const limitMs = isOpenEnded ? null : limitOf(call, isSilent);
    const limit = limitMs === null ? {} : { abortSignal: AbortSignal.timeout(limitMs) };
    dial({ ...call, ...limit }, (error, result) => {
      if (error === null || error.statusCode !== undefined) isSilent = false;
      else if (isLate(error) && (limitMs !== null || call.path.startsWith('/_ping'))) isSilent = true;
      const isOurs = error !== null && error.statusCode === undefined && call.abortSignal?.aborted !== true;
      callback(isOurs ? noAnswer(link, error, { call, limitMs }) : error, result);
    });
  };
}

function limitOf({ method, path }: Call, isSilent: boolean): number | null {
  const limitMs = limits.find(({ calls }) => calls.test(`${method} ${path}`))?.limitMs;
  if (limitMs === undefined) return null;
  return patient(isSilent ? Math.min(limitMs, silentLimitMs) : limitMs);
}

function isLate(error: Error & { code?: string }): boolean {
  return error.code === 'ABORT_ERR';
}

interface Unanswered {
  readonly call: Call;
  readonly limitMs: number | null;
}

function noAnswer(link: Link, error: Error & { code?: string }, { call, limitMs }: Unanswered): TransshipError {
  const what = `${call.method} ${call.path.split('?')[0]}`;
  const reason =
    link.ended() ?? (isLate(error) && limitMs !== null ? `${what}: no answer within ${limitMs / 1e3} s` : error.message);
  return new TransshipError(
    'not-ready',
    `${link.name}: Docker does not answer (${reason})`,
    `is dockerd running on ${link.name}? systemctl status docker`,
    { cause: error },
  );
}
