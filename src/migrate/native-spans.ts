import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appendRecord } from '../evidence/json-lines.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import { daemonTelemetry } from '../hosts/daemon-telemetry.ts';
import type { Host } from '../hosts/host.ts';
import { type RawBatch, readBatch, serveOtlp } from '../receive/otlp-server.ts';
import { messageOf } from './engine.ts';

/** What dockerd and containerd send of a run while it lasts, kept as it came. */
export interface NativeSpans extends AsyncDisposable {
  /**
   * Waits until what the daemons have made so far is sent, for as long as they hold it back and 6.5 s at most, and takes in nothing more.
   * @returns what could not be had and why; the second time at once, and nothing
   */
  settle(): Promise<readonly string[]>;
}

interface Reception extends AsyncDisposable {
  readonly delayMs: number;
}

/** On top of the daemons' own delay: the way here, on a busy machine. */
const graceMs = 500;
/** A delay that was set for a quiet host must not hold a move: what comes later is not taken in. */
const longestDelayMs = 6_000;

/** Listens on each host where dockerd sends its spans to a port of its own; elsewhere nothing is taken in, and nothing is missing. */
export async function openNativeSpans(folder: RunFolder, hosts: readonly Host[]): Promise<NativeSpans> {
  const warnings: string[] = [];
  const opened = await Promise.all(
    hosts.map((host) =>
      openReception(folder, host, warnings).catch((error) => {
        warnings.push(`dockerd's own spans of ${host.name} are not taken in: ${messageOf(error)}`);
        return null;
      }),
    ),
  );
  const open = opened.filter((one) => one !== null);
  const close = async () => {
    await Promise.all(open.splice(0).map((one) => one[Symbol.asyncDispose]()));
  };
  const settle = async () => {
    const delayMs = Math.max(0, ...open.map((one) => Math.min(one.delayMs, longestDelayMs) + graceMs));
    await sleep(delayMs);
    await close();
    return warnings.splice(0);
  };
  return { settle, [Symbol.asyncDispose]: close };
}

async function openReception(folder: RunFolder, host: Host, warnings: string[]): Promise<Reception | null> {
  const { loopbackPort, delayMs } = await daemonTelemetry(host);
  if (loopbackPort === null) return null;
  const batches: RawBatch[] = []; // read when the move is over: until then nothing may hold it up
  const socketFolder = await mkdtemp(join(tmpdir().length > 60 ? '/tmp' : tmpdir(), 'transship-otlp-'));
  const server = await serveOtlp({ path: join(socketFolder, 'spans') }, (batch) => void batches.push(batch));
  const close = async () => {
    await server[Symbol.asyncDispose]();
    await rm(socketFolder, { recursive: true, force: true });
  };
  const forward = await host.forwardPort(loopbackPort, join(socketFolder, 'spans')).catch(async (error) => {
    await close();
    throw error;
  });
  const end = async () => {
    await forward[Symbol.asyncDispose]();
    await close();
    const why = keepBatches(join(hostEvidence(folder, host.name), 'otlp.jsonl'), batches);
    if (why !== null) warnings.push(`dockerd's own spans of ${host.name} are not whole: ${why}`);
  };
  return { delayMs, [Symbol.asyncDispose]: end };
}

/** @returns why one of them could not be kept; null: all are */
function keepBatches(file: string, batches: readonly RawBatch[]): string | null {
  let why: string | null = null;
  for (const batch of batches) {
    try {
      appendRecord(file, readBatch(batch));
    } catch (error) {
      why ??= messageOf(error);
    }
  }
  return why;
}
