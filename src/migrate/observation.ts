import { join } from 'node:path';
import type { ContainerInspectInfo } from 'dockerode';
import { appendRecord } from '../evidence/json-lines.ts';
import type { ClockReading, ProbeReading } from '../evidence/manifest.ts';
import { type RunFolder, runFiles } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import { noReadings, startProbes } from '../probe/observer.ts';
import { protocolOfPort } from '../probe/protocol.ts';
import { type ClockOffset, readTicker, tickerFile } from '../probe/ticker.ts';
import { nowNs } from '../trace/time.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './engine.ts';
import type { Plan } from './plan.ts';

/** The probes of one migration. */
export interface Observation {
  /** Ends the probes and reads the ticker on the destination (null: the container is not there). Never throws. */
  close(destinationId: string | null, clocks: readonly ClockReading[]): Promise<readonly ProbeReading[]>;
}

export interface ObservationRequest {
  readonly plan: Plan;
  readonly source: Host;
  readonly destination: Host;
  readonly folder: RunFolder;
  readonly isProbed: boolean;
}

/** Starts what can observe this container: request probes at its first published TCP port, and its own ticker where it has one. */
export async function openObservation(request: ObservationRequest): Promise<Observation> {
  const { plan, source, destination, folder } = request;
  const startNs = nowNs();
  const evidenceFile = join(folder.path, runFiles.probe);
  const port = request.isProbed ? publishedPort(plan.inspect) : null;
  const unreached = port === null ? null : source.unreached;
  const addresses = [source.address ?? '127.0.0.1', destination.address ?? '127.0.0.1'];
  const probes =
    port === null || unreached !== null
      ? null
      : await startProbes({
          networkPrefix: source.networkPrefix,
          targets: addresses.map((address) => ({ address, port: port.host })),
          protocol: protocolOfPort(port.container),
          evidenceFile,
        });
  await probes?.ready;
  return {
    close: async (destinationId, clocks) => {
      const outside = (await probes?.stop()) ?? (unreached === null ? [] : noReadings(unreached));
      if (destinationId === null || !hasTicker(plan.inspect)) return outside;
      const text = await readFromContainer(destination, destinationId).catch((error) => `unreadable: ${messageOf(error)}`);
      const { reading, record } = readTicker({
        text,
        container: plan.container.name,
        host: destination.name,
        window: { startNs, endNs: nowNs() },
        source: offsetOf(clocks, source),
        destination: offsetOf(clocks, destination),
      });
      if (record !== null) appendRecord(evidenceFile, record);
      return [reading, ...outside];
    },
  };
}

/** The test workload ticks when it is told to; nobody else's container is looked into. */
function hasTicker(inspect: ContainerInspectInfo): boolean {
  return (inspect.Config.Env ?? []).includes('TICKER=1');
}

function publishedPort(inspect: ContainerInspectInfo): { readonly container: number; readonly host: number } | null {
  for (const [port, bindings] of Object.entries(inspect.NetworkSettings.Ports ?? {})) {
    const host = Number(bindings?.[0]?.HostPort ?? 0);
    if (port.endsWith('/tcp') && host > 0) return { container: Number.parseInt(port, 10), host };
  }
  return null;
}

async function readFromContainer(host: Host, id: string): Promise<string> {
  const result = await bounded('reading the ticker', 15_000, host.shell.run(`docker exec ${id} cat ${tickerFile}`));
  return result.stdout;
}

function offsetOf(clocks: readonly ClockReading[], host: Host): ClockOffset {
  const reading = clocks.find((clock) => clock.host === host.name);
  return { offsetNs: BigInt(reading?.offsetNs ?? 0), boundNs: BigInt(reading?.boundNs ?? 0) };
}
