import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** A span as Jaeger's query API answers it: internal/uimodel/model.go of v1.76.0. */
interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[];
  readonly processID: string;
  /** What Jaeger itself has against a span: a parent that is missing, a clock that it moved. */
  readonly warnings: readonly string[] | null;
}

export interface JaegerTag {
  readonly key: string;
  readonly type: string;
  readonly value: string | number | boolean;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>>;
}

const script = join(packageRoot(), 'scripts/jaeger.sh');
const readyMs = 30_000;

/** Why Jaeger cannot be built here, in one line; `null` when it can, or is built already. */
export function missingForJaeger(): string | null {
  const { exitCode, stderr } = execaSync('sh', [script, '--can-build'], { reject: false });
  return exitCode === 0 ? null : (stderr.split('\n')[0] ?? 'unknown').replace(/^error: /, '');
}

/** Builds Jaeger when it is not yet in the cache: minutes, once; on two busy cores more than ten. */
export async function buildJaeger(): Promise<void> {
  await execa('sh', [script, '--build-only'], { timeout: 1_790_000, stderr: 'inherit' });
}

/** Starts it on free ports below those that the kernel gives to clients; `await using` ends it by its pid. */
export async function startJaeger() {
  for (let attempt = 1; ; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    // the shell execs Jaeger, so that this pid is Jaeger's
    // off by default; on, it says where it moves a span whose host's clock it mistrusts
    const words = [script, '--ports-from', String(port), '--query.max-clock-skew-adjustment=1h'];
    const jaeger = execa('sh', words, { all: true, reject: false, forceKillAfterDelay: 5_000 });
    const stop = async (): Promise<void> => {
      jaeger.kill('SIGTERM');
      await jaeger;
    };
    if (await isReady(port, jaeger)) return jaegerAt(port, stop);
    await stop();
    const { all } = await jaeger;
    if (attempt === 3) throw new Error(`Jaeger does not start: ${all}`);
  }
}

function jaegerAt(port: number, stop: () => Promise<void>) {
  const host = 'http://127.0.0.1';
  return {
    jaeger: `${host}:${port + 1}/api/traces`,
    otlp: `${host}:${port + 2}/v1/traces`,
    page: `${host}:${port}`,
    /** Asks until all spans have been stored, 10 s at most. */
    async trace(traceId: string, count: number): Promise<JaegerTrace> {
      let seen = 0;
      for (const end = Date.now() + 10_000; Date.now() < end; await pause(50)) {
        const response = await fetch(`${host}:${port}/api/traces/${traceId}`, { signal: AbortSignal.timeout(5_000) });
        const { data } = (await response.json()) as { readonly data: readonly JaegerTrace[] | null };
        if (data?.[0]?.spans.length === count) return data[0];
        seen = data?.[0]?.spans.length ?? 0;
      }
      throw new Error(`Jaeger has ${seen} of ${count} spans of ${traceId}`);
    },
    /** The search of its page: service, operation and tags must all be of one span. @returns ids of traces */
    async find(service: string, operation: string, tags: Readonly<Record<string, string>>): Promise<readonly string[]> {
      const query = { service, operation, tags: JSON.stringify(tags), limit: '100', start: '0', end: '9000000000000000' };
      const response = await fetch(`${host}:${port}/api/traces?${new URLSearchParams(query)}`, {
        signal: AbortSignal.timeout(5_000),
      });
      const { data } = (await response.json()) as { readonly data: readonly JaegerTrace[] | null };
      return (data ?? []).map(({ traceID }) => traceID);
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function isReady(
  port: number,
  jaeger: { readonly exitCode?: number | undefined | null } & PromiseLike<unknown>,
): Promise<boolean> {
  let hasEnded = false;
  void jaeger.then(() => {
    hasEnded = true;
  });
  for (const end = Date.now() + readyMs; Date.now() < end && !hasEnded; await pause(50)) {
    const answers = await Promise.all([
      isAnswered(`http://127.0.0.1:${port}/api/services`),
      isAnswered(`http://127.0.0.1:${port + 1}/`),
      isAnswered(`http://127.0.0.1:${port + 2}/`),
    ]);
    if (answers.every(Boolean)) return true;
  }
  return false;
}

async function isAnswered(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    () => true,
    () => false,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
