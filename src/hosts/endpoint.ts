import { readTestbed, type TestbedState, testbedSet } from '../../vm/testbed-state.ts';
import { TransshipError } from '../error.ts';
import { contextEndpoint, defaultEndpoint } from './docker-context.ts';
import type { Host } from './host.ts';

export interface SshTarget {
  readonly name: string;
  /** Words of ssh that name the host: `['-F', FILE, '-p', '2222', '--', 'root@x']`. */
  readonly words: readonly string[];
  /** Docker's socket on that host. */
  readonly socketPath: string;
}

/** Where a host is, before anything is connected. */
export type Endpoint =
  | { readonly kind: 'local'; readonly name: string; readonly socketPath: string }
  | {
      readonly kind: 'ssh';
      readonly target: SshTarget;
      /** Where it is known without asking ssh's configuration: test hosts. */
      readonly known: (Pick<Host, 'networkPrefix' | 'unreached'> & { readonly address: string }) | null;
    };

const dockerSocket = '/var/run/docker.sock';

/**
 * Reads a HOST: `local`, `ssh://[user@]host[:port]`, `unix://SOCKET`, `test:NAME`, `default` (Docker's own precedence), or a Docker context's name.
 * @throws TransshipError `usage` when it cannot be one, `not-ready` when there is none of that name
 */
export function parseEndpoint(spec: string, env: NodeJS.ProcessEnv = process.env): Endpoint {
  if (spec === 'local') return { kind: 'local', name: 'local', socketPath: dockerSocket };
  if (spec.startsWith('test:')) return testHost(spec.slice('test:'.length), env);
  if (spec.includes('://')) return fromUrl(spec);
  if (spec === 'default' || spec === '') return fromUrl(defaultEndpoint(env) ?? `unix://${dockerSocket}`);
  const url = contextEndpoint(spec, env);
  if (url !== null) return fromUrl(url, spec);
  throw new TransshipError(
    'not-ready',
    `'${spec}': no Docker context of that name`,
    `docker context ls lists them; another machine is ssh://${spec}, this one is local`,
  );
}

function testHost(name: string, env: NodeJS.ProcessEnv): Endpoint {
  const state = readTestbed(testbedSet(env));
  if (state === null) throw new TransshipError('not-ready', `test:${name}: no test hosts are up`, 'transship testbed up');
  const host = state.hosts.find((candidate) => candidate.name === name);
  if (host === undefined) {
    const names = state.hosts.map((candidate) => `test:${candidate.name}`).join(', ');
    throw new TransshipError(
      'not-ready',
      `test:${name}: no such test host`,
      `there are ${names || 'none: transship testbed up'}`,
    );
  }
  return {
    kind: 'ssh',
    target: { name, words: ['-F', state.sshConfig, '--', name], socketPath: dockerSocket },
    known: { address: host.address, ...wayOf(state) },
  };
}

function wayOf({ wireNamespace }: TestbedState): Pick<Host, 'networkPrefix' | 'unreached'> {
  if (wireNamespace !== null) return { networkPrefix: ['nsenter', `--net=${wireNamespace}`], unreached: null };
  return {
    networkPrefix: [],
    unreached: 'a test host made without root answers on its wire alone, which is no network of this machine',
  };
}

/** An endpoint as Docker writes it (`DOCKER_HOST`, a context's `Host`). */
function fromUrl(text: string, contextName?: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : null;
  switch (url?.protocol) {
    case 'unix:':
      return { kind: 'local', name: contextName ?? 'local', socketPath: url.pathname || dockerSocket };
    case 'ssh:':
      return { kind: 'ssh', target: sshTarget(url, text, contextName), known: null };
    case 'tcp:':
    case 'http:':
    case 'https:':
      throw new TransshipError(
        'not-ready',
        `${text}: Docker's API alone is not enough: no root shell comes with it`,
        `name the same machine by ssh://user@${url.hostname}`,
      );
    default:
      throw new TransshipError(
        'usage',
        `'${text}' names no host`,
        'local, ssh://user@host[:port], test:NAME, or a Docker context',
      );
  }
}

function sshTarget(url: URL, text: string, contextName?: string): SshTarget {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const user = decodeURIComponent(url.username);
  // A leading dash would be an option of ssh, and other characters could reach a shell by its ProxyCommand.
  const isPlain = /^[A-Za-z0-9_][A-Za-z0-9._:%-]*$/.test(host) && /^([A-Za-z0-9_][A-Za-z0-9._@\\-]*)?$/.test(user);
  if (!isPlain) throw new TransshipError('usage', `'${text}' names no host`, 'ssh://user@host[:port]');
  if (url.password !== '')
    throw new TransshipError('usage', `ssh://${user}@${host}: a password cannot be given`, 'use a key: ssh-copy-id');
  const words = [...(url.port ? ['-p', url.port] : []), '--', user ? `${user}@${host}` : host];
  const place = url.port && url.port !== '22' ? `${host}-${url.port}` : host;
  const socketPath = url.pathname.length > 1 ? url.pathname : dockerSocket;
  return { name: (contextName ?? place).replace(/[^A-Za-z0-9._-]/g, '-'), words, socketPath };
}
