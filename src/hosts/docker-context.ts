import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TransshipError } from '../error.ts';

// Layout: docker/cli, cli/context/store/doc.go and cli/config/configfile: config.json names the current context,
// contexts/meta/SHA256(name)/meta.json holds its endpoint.

/** The endpoint that `docker` itself would use: DOCKER_HOST, DOCKER_CONTEXT, the current context; null: its built-in default. */
export function defaultEndpoint(env: NodeJS.ProcessEnv): string | null {
  if (env.DOCKER_HOST) return env.DOCKER_HOST.includes('://') ? env.DOCKER_HOST : `tcp://${env.DOCKER_HOST}`;
  const name = env.DOCKER_CONTEXT || currentContext(env);
  if (name === null || name === 'default') return null;
  const endpoint = contextEndpoint(name, env);
  if (endpoint !== null) return endpoint;
  const origin = env.DOCKER_CONTEXT ? 'DOCKER_CONTEXT' : join(configFolder(env), 'config.json');
  throw new TransshipError('not-ready', `${origin}: no Docker context '${name}'`, 'docker context ls lists them');
}

/** The endpoint of a Docker context; null when there is none of that name. */
export function contextEndpoint(name: string, env: NodeJS.ProcessEnv): string | null {
  const folder = createHash('sha256').update(name).digest('hex');
  const file = join(configFolder(env), 'contexts', 'meta', folder, 'meta.json');
  const meta = readJson(file) as { Endpoints?: { docker?: { Host?: unknown } } } | null;
  if (meta === null) return null;
  const host = meta.Endpoints?.docker?.Host;
  if (typeof host === 'string' && host !== '') return host;
  throw new TransshipError('not-ready', `${file}: the context '${name}' has no Docker endpoint`, 'docker context update sets it');
}

function currentContext(env: NodeJS.ProcessEnv): string | null {
  const config = readJson(join(configFolder(env), 'config.json')) as { currentContext?: unknown } | null;
  return typeof config?.currentContext === 'string' && config.currentContext !== '' ? config.currentContext : null;
}

function configFolder(env: NodeJS.ProcessEnv): string {
  return env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
}

function readJson(file: string): object | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const message = `${file}: ${(cause as Error).message}`;
    throw new TransshipError('not-ready', message, 'docker context ls should complain as well', { cause });
  }
}
