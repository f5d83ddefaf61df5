import type { Duplex } from 'node:stream';
import { execa } from 'execa';
import type { CommandRecord } from '../evidence/records.ts';
import { nowNs } from '../trace/time.ts';
import { ping } from './answering.ts';
import { type CallObserver, type DockerApi, openDockerApi } from './docker-api.ts';
import { type Endpoint, parseEndpoint, type SshTarget } from './endpoint.ts';
import { readFacts } from './facts.ts';
import type { Host, HostObserver, HostProcess, Shell } from './host.ts';
import type { Link } from './link.ts';
import { localLink } from './local-link.ts';
import { startAsRoot } from './process-group.ts';
import { type OnCommand, openShell } from './shell.ts';
import { openSsh } from './ssh-link.ts';

const pingLimitMs = 5_000;
const stderrMax = 65_536;

interface ConnectOptions {
  readonly signal?: AbortSignal;
  /** What names are looked up by; this process's own unless told. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Connects to a HOST (`local`, `ssh://[user@]host[:port]`, `test:NAME`, `default`, a Docker context's name) and opens a root shell there.
 * Docker need not run: a call of `host.docker` says when it does not.
 * @throws TransshipError `usage` or `not-ready`, within 30 s: what is wrong with the name, the connection or the login, and what helps
 */
export async function connectHost(spec: string, options: ConnectOptions = {}): Promise<Host> {
  const endpoint = parseEndpoint(spec, options.env);
  const ways = whereabouts(endpoint);
  const link =
    endpoint.kind === 'local' ? localLink(endpoint.name, endpoint.socketPath) : await openSsh(endpoint.target, options.signal);
  let observer: HostObserver | null = null;
  const onCommand: OnCommand = (command, result, error, startNs) => {
    observer?.onCommand(commandRecord(command, result?.exitCode ?? null, error, startNs));
  };
  const calls: CallObserver = { onApiCall: (call) => observer?.onApiCall(call), traceId: () => observer?.traceId ?? null };
  try {
    const [shell, api] = await Promise.all([openShell(link, onCommand), reachDocker(link, calls)]);
    const host: Host = {
      name: link.name,
      endpoint: spec,
      docker: api.docker,
      shell,
      ...(await ways),
      facts: () => readFacts(host),
      openShell: () => openShell(link, onCommand),
      spawn: (command) => {
        const startNs = nowNs();
        const process = spawn(link, command);
        void process.ended.then(({ exitCode }) => observer?.onCommand(commandRecord(command, exitCode, null, startNs)));
        return process;
      },
      forwardPort: link.forwardPort,
      observe: (next) => {
        observer = next;
      },
      [Symbol.asyncDispose]: () => close(shell, api, link),
    };
    return host;
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

async function close(shell: Shell, api: DockerApi, link: Link): Promise<void> {
  api.close();
  await shell[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
}

function commandRecord(command: string, exitCode: number | null, error: string | null, startNs: bigint): CommandRecord {
  return { step: null, command, exitCode, startNs: String(startNs), endNs: String(nowNs()), error };
}

type Ways = Pick<Host, 'address' | 'networkPrefix' | 'unreached' | 'sshFromPeer'>;

/** How others reach the host. ssh itself tells what its configuration makes of the name. */
async function whereabouts(endpoint: Endpoint): Promise<Ways> {
  if (endpoint.kind === 'local') return { address: null, networkPrefix: [], unreached: null, sshFromPeer: null };
  if (endpoint.known !== null) return { ...endpoint.known, sshFromPeer: [`root@${endpoint.known.address}`] };
  const { hostname, user, port } = await sshConfiguration(endpoint.target);
  const sshFromPeer = [...(port === '22' ? [] : ['-p', port]), `${user}@${hostname}`];
  return { address: hostname, networkPrefix: [], unreached: null, sshFromPeer };
}

async function sshConfiguration(target: SshTarget): Promise<{ hostname: string; user: string; port: string }> {
  const { stdout } = await execa('ssh', ['-G', ...target.words], { reject: false, timeout: 5_000 });
  const value = (key: string) => new RegExp(`^${key} (.*)$`, 'm').exec(stdout ?? '')?.[1];
  return { hostname: value('hostname') ?? target.words.at(-1) ?? '', user: value('user') ?? 'root', port: value('port') ?? '22' };
}

/**
 * Root dials the socket itself (over ssh: a forwarded socket, no process a connection); any other login goes by sudo and Docker's own
 * `dial-stdio`. That one also serves where sshd forbids forwarding, or Docker's socket lies elsewhere.
 */
async function reachDocker(link: Link, observer: CallObserver): Promise<DockerApi> {
  const direct = () => link.dialSocket();
  const stdio = () => dialStdio(link);
  let dial = link.login.uid === 0 ? direct : stdio;
  const api = await openDockerApi(link, () => dial(), observer);
  if (dial === direct && (await ping(api.docker, pingLimitMs)) !== 'answer') {
    dial = stdio;
    if ((await ping(api.docker, pingLimitMs)) !== 'answer') dial = direct; // no Docker either way
  }
  return api;
}

function dialStdio(link: Link): Duplex {
  const group = startAsRoot(link, 'exec docker system dial-stdio');
  group.begun.then(
    () => group.process.stderr.resume(),
    () => {},
  );
  // Node's http.Agent calls these methods of net.Socket on what it keeps for reuse; a child's pipes do not have them.
  const nothing = () => {};
  return Object.assign(group.process.duplex(), { ref: nothing, unref: nothing, setKeepAlive: nothing, setTimeout: nothing });
}

function spawn(link: Link, command: string): HostProcess {
  const { process, begun, kill } = startAsRoot(link, command);
  let stderr = '';
  const onStderr = (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-stderrMax);
  };
  const listening = begun.then(
    () => void process.stderr.on('data', onStderr).resume(),
    (error: Error) => onStderr(Buffer.from(error.message)),
  );
  // Output that nobody reads would keep the end from being learnt.
  process.once('exit', () => {
    if (process.stdout.readableFlowing === null) process.stdout.resume();
  });
  // 255, as ssh has it, when the command could not be run or its end was not learnt.
  const ended = Promise.all([process, listening]).then(([result]) => ({ exitCode: result.exitCode ?? 255, stderr }));
  return { stdin: process.stdin, stdout: process.stdout, ended, kill: () => void kill() };
}
