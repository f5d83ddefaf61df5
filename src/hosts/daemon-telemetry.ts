import { type Check, type HostSubject, ok } from './check.ts';
import { withDockerd } from './dockerd-process.ts';
import type { Host } from './host.ts';

/** What dockerd was told about its own spans when it started. */
export interface DaemonTelemetry {
  /** Where it sends them; null: it makes none. */
  readonly endpoint: string | null;
  /** A port of the host's own loopback address to which they go by HTTP: there a move can take them in. */
  readonly loopbackPort: number | null;
  /** How long a span may wait in dockerd before it is sent. */
  readonly delayMs: number;
}

/** OpenTelemetry's default of `OTEL_BSP_SCHEDULE_DELAY`. */
const defaultDelayMs = 5_000;
const usualPort = 4318;

const script = withDockerd(
  `tr '\\0' '\\n' <"/proc/$pid/environ" | grep -E '^OTEL_(EXPORTER_OTLP_|BSP_SCHEDULE_DELAY|SDK_DISABLED|TRACES_EXPORTER)' | grep -v HEADERS`,
);

/** dockerd reads `OTEL_*` only at its start (moby cmd/dockerd/daemon.go, OpenTelemetry's autoexport): its process tells what it has. */
export async function daemonTelemetry(host: Host): Promise<DaemonTelemetry> {
  const { stdout } = await host.shell.run(script);
  return telemetryOf(Object.fromEntries(stdout.split('\n').flatMap((line) => [/^(\w+)=(.*)$/.exec(line)?.slice(1) ?? []])));
}

/** Pure. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export function telemetryOf(env: Readonly<Record<string, string>>): DaemonTelemetry {
  const delayMs = Number(env.OTEL_BSP_SCHEDULE_DELAY) || defaultDelayMs;
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || null;
  if (isOff || endpoint === null) return { endpoint: null, loopbackPort: null, delayMs };
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const isTaken = url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname) && protocol !== 'grpc';
  return { endpoint, loopbackPort: isTaken ? Number(url.port || 80) : null, delayMs };
}

export const telemetryCheck: Check<HostSubject> = {
  name: 'native-spans',
  why: "with its own spans a trace knows how long dockerd's calls of containerd took; without, it goes by dockerd's log",
  hint: `Environment=OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${usualPort} in a drop-in of docker.service, then restart it`,
  probe: async ({ host, info }) => {
    if (info === null) return null;
    const { endpoint, loopbackPort, delayMs } = await daemonTelemetry(host);
    if (loopbackPort !== null)
      return ok(`dockerd sends its spans to port ${loopbackPort} of its own host, ${delayMs / 1e3} s late: a move takes them in`);
    if (endpoint !== null) return ok(`dockerd sends its spans to ${endpoint}, where a move cannot take them in`);
    const restart = `a restart of dockerd with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${usualPort} would give them to a trace`;
    return ok(`off: dockerd has no OTEL_EXPORTER_OTLP_ENDPOINT; ${restart}`);
  },
};
