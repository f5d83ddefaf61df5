import type { ProbeReading } from '../evidence/manifest.ts';
import { connectionReading } from './connection-reading.ts';
import { type Answer, createGapLog } from './gap-log.ts';
import { gapRecord, wallNs } from './gap-record.ts';
import { createLagMeter } from './lag-meter.ts';
import { ProbeSocket, targetName } from './probe-socket.ts';
import { protocolOf } from './protocol.ts';
import type { ProbeOptions, RunningProbe } from './requests.ts';
import { type RetransmitReader, type Retransmits, sumOfRetransmits } from './retransmits.ts';

const periodMs = 10;
const recordedGapMs = 50;
const mostRecords = 200;
/** Some servers close after each answer: that they do is told once. */
const mostToldBreaks = 20;
/** A kept connection that is silent for so long is no longer all we trust: the other target is tried beside it. */
const silentMs = 50;
const connectLimitMs = 500;
/** `ss` is a process: seldom while all is well, more often while it matters. */
const sampleMs = 2_000;
const sampleSilentMs = 250;

/** What happened to the connection that was kept; times of `performance.now()`. */
export interface ConnectionHistory {
  brokenMs: number | null;
  reason: string | null;
  reopenedMs: number | null;
  breaks: number;
  /** Of all connections that were kept; null where `ss` said nothing. */
  retransmits: Retransmits | null;
}

/** The kept connection: one request each 10 ms on it; when it breaks or goes silent, whoever answers first is kept. */
export function startConnection(options: ProbeOptions): RunningProbe {
  const kept = new KeptConnection(options);
  const timer = setInterval(() => kept.tick(), periodMs);
  return {
    stop: () => {
      clearInterval(timer);
      return kept.finish();
    },
  };
}

class KeptConnection {
  readonly #options: ProbeOptions;
  readonly #lag = createLagMeter(periodMs);
  readonly #history: ConnectionHistory = { brokenMs: null, reason: null, reopenedMs: null, breaks: 0, retransmits: null };
  readonly #log;
  readonly #retransmitReader: RetransmitReader;
  #kept: ProbeSocket | null = null;
  #candidates: ProbeSocket[] = [];
  #records = 0;
  #lastSampleMs = 0;
  /** Of the connections that were kept before this one, and of this one. */
  #earlierRetransmits: Retransmits | null = null;
  #keptRetransmits: Retransmits | null = null;

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#retransmitReader = options.retransmitReader;
    this.#log = createGapLog({
      destination: null,
      thresholdMs: recordedGapMs,
      onGap: (gap) => this.#record(gapRecord('connection', gap)),
    });
  }

  tick(): void {
    const { nowMs } = this.#lag.tick();
    const isSilent = this.#kept !== null && this.#asks && nowMs - this.#kept.heardMs > silentMs;
    this.#kept?.send(nowMs);
    if (this.#kept === null || isSilent) this.#tryOthers(nowMs);
    if (nowMs - this.#lastSampleMs > (isSilent ? sampleSilentMs : sampleMs)) void this.#sample(nowMs);
  }

  async finish(): Promise<ProbeReading> {
    const endMs = performance.now();
    await this.#sample(endMs);
    this.#history.retransmits = sumOfRetransmits(this.#earlierRetransmits, this.#keptRetransmits);
    this.#record(this.#event('closed', endMs, null));
    this.#kept?.close();
    for (const candidate of this.#candidates) candidate.close();
    return connectionReading({
      log: this.#log,
      history: this.#history,
      lag: this.#lag,
      target: this.#kept?.target ?? this.#log.last?.target ?? null,
      periodMs,
      endMs,
      asks: this.#asks,
    });
  }

  get #asks(): boolean {
    return this.#options.protocol !== 'tcp';
  }

  #tryOthers(nowMs: number): void {
    for (const candidate of this.#candidates) if (nowMs - candidate.startedMs > connectLimitMs) candidate.close();
    this.#candidates = this.#candidates.filter((candidate) => candidate.state !== 'ended');
    for (const target of this.#options.targets) {
      const name = targetName(target);
      // One that is silent there is tried nowhere else there; what a frozen host accepts would disturb its dump.
      if (name === this.#kept?.target) continue;
      if (this.#candidates.some((candidate) => candidate.target === name && candidate.state === 'open')) continue;
      this.#candidates.push(
        new ProbeSocket(target, protocolOf(this.#options.protocol, name), {
          onOpen: (socket) => socket.send(performance.now()),
          onAnswer: (answer, socket) => this.#answered(answer, socket),
          onEnd: (reason, socket) => this.#ended(reason, socket),
        }),
      );
    }
  }

  #answered(answer: Answer, socket: ProbeSocket): void {
    if (socket !== this.#kept) this.#keep(socket, answer.atMs);
    if (this.#log.answers === 0) this.#options.onFirstAnswer(answer.target);
    this.#log.add(answer, this.#lag.takeStallMs());
  }

  #keep(socket: ProbeSocket, atMs: number): void {
    const isFirst = this.#log.answers === 0;
    this.#kept?.close();
    this.#kept = socket;
    for (const candidate of this.#candidates) if (candidate !== socket) candidate.close();
    this.#candidates = [];
    this.#earlierRetransmits = sumOfRetransmits(this.#earlierRetransmits, this.#keptRetransmits);
    this.#keptRetransmits = null;
    if (!isFirst) this.#history.reopenedMs = atMs;
    if (this.#history.breaks <= mostToldBreaks) this.#record(this.#event(isFirst ? 'open' : 'reopened', atMs, null));
  }

  #ended(reason: string, socket: ProbeSocket): void {
    if (socket !== this.#kept) return;
    const atMs = performance.now();
    this.#history.breaks += 1;
    this.#history.brokenMs = atMs;
    this.#history.reason = reason;
    if (this.#history.breaks <= mostToldBreaks) this.#record(this.#event('broken', atMs, reason));
    // Nothing was asked on it, so that it stood until now is the last thing known.
    if (!this.#asks) this.#log.add({ target: socket.target, sentMs: atMs, atMs }, this.#lag.takeStallMs());
    this.#kept = null;
  }

  #event(event: 'open' | 'broken' | 'reopened' | 'closed', atMs: number, reason: string | null) {
    const target = this.#kept?.target ?? this.#log.last?.target ?? '';
    const retransmits = this.#keptRetransmits?.lost ?? null;
    return { kind: 'connection', target, event, atNs: `${wallNs(atMs)}`, retransmits, reason } as const;
  }

  #record(record: Parameters<ProbeOptions['onRecord']>[0]): void {
    this.#records += 1;
    if (this.#records <= mostRecords) this.#options.onRecord(record);
  }

  async #sample(nowMs: number): Promise<void> {
    this.#lastSampleMs = nowMs;
    const socket = this.#kept;
    if (socket?.localPort === undefined) return;
    const retransmits = await this.#retransmitReader.read(socket.localPort);
    if (socket === this.#kept && retransmits !== null) this.#keptRetransmits = retransmits;
  }
}
