import { connect } from 'node:net';
import { TransshipError } from '../error.ts';

/** Where a run is sent: the URL that is posted to. */
export interface Endpoints {
  readonly otlp: string | undefined;
  readonly jaeger: string | undefined;
}

const connectMs = 5_000;
const hint = 'such as: transship send RUN --otlp http://127.0.0.1:4318, or --jaeger http://127.0.0.1:14268';

/**
 * A flag wins over the environment, which counts only when there is no flag at all.
 * Variables: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ (the general endpoint is a base, the one for traces is
 * taken as it is), `OTEL_EXPORTER_JAEGER_ENDPOINT` as in exporter-jaeger.
 * @throws TransshipError `usage` when there is no endpoint, or one is no URL that can be posted to.
 */
export function endpointsOf(flags: { readonly otlp?: string; readonly jaeger?: string }, env: NodeJS.ProcessEnv): Endpoints {
  if (flags.otlp !== undefined || flags.jaeger !== undefined) {
    return {
      otlp: flags.otlp === undefined ? undefined : withPath(checkedUrl('--otlp', flags.otlp), '/v1/traces'),
      jaeger: flags.jaeger === undefined ? undefined : jaegerUrl('--jaeger', flags.jaeger),
    };
  }
  const found = { otlp: otlpFromEnvironment(env), jaeger: jaegerFromEnvironment(env) };
  if (found.otlp !== undefined || found.jaeger !== undefined) return found;
  throw new TransshipError('usage', 'send where? neither --otlp, nor --jaeger, nor OTEL_EXPORTER_OTLP_ENDPOINT is given', hint);
}

function otlpFromEnvironment(env: NodeJS.ProcessEnv): string | undefined {
  const traces = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (traces) return checkedUrl('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', traces).href;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!base) return undefined;
  const url = checkedUrl('OTEL_EXPORTER_OTLP_ENDPOINT', base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

function jaegerFromEnvironment(env: NodeJS.ProcessEnv): string | undefined {
  const endpoint = env.OTEL_EXPORTER_JAEGER_ENDPOINT;
  return endpoint ? jaegerUrl('OTEL_EXPORTER_JAEGER_ENDPOINT', endpoint) : undefined;
}

/** Only the collector over HTTP: the agent's UDP counts spans as sent when nobody listens, and drops those above 65 kB. */
function jaegerUrl(name: string, text: string): string {
  const url = checkedUrl(name, text);
  if (url.port === '6831' || url.port === '6832')
    throw new TransshipError('usage', `${name} ${text}: that is the agent's UDP port`, "the collector's: http://HOST:14268");
  return withPath(url, '/api/traces');
}

function checkedUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new TransshipError('usage', `${name} ${text}: no http or https URL`, hint);
}

function withPath(url: URL, path: string): string {
  if (url.pathname === '/') url.pathname = path;
  return url.href;
}

/**
 * Whether anybody listens, before spans are serialized: the exporters retry a refused connection for ten seconds.
 * @throws TransshipError `failed`, within 5 s.
 */
export async function checkReachable(endpoint: string): Promise<void> {
  const url = new URL(endpoint);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const reason = await new Promise<string | null>((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const finish = (result: string | null): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => finish(null));
    socket.once('timeout', () => finish(`no answer in ${connectMs / 1e3} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(reasons[error.code ?? ''] ?? error.code ?? error.message));
  });
  if (reason === null) return;
  throw new TransshipError(
    'failed',
    `${endpoint}: ${reason}; nothing was sent`,
    'is the receiver up, and is this its address? npm run jaeger starts one here',
  );
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};
