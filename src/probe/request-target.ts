import type { Answer } from './gap-log.ts';
import { createIntervalHistogram, type IntervalHistogram } from './interval-histogram.ts';
import { ProbeSocket, type Target, targetName } from './probe-socket.ts';
import type { Protocol } from './protocol.ts';
import { type RetransmitReader, type Retransmits, sumOfRetransmits } from './retransmits.ts';

/** Two connections, asked in turn: one lost segment costs one of them its 200 ms, and the other goes on answering. */
const wantedOpen = 2;
/** At most one new connection in this time. */
const reconnectMs = 2;
/** Bare TCP asks by connecting. */
const connectOnlyMs = 10;
/** A connection that isn't accepted by then is given up: TCP itself would repeat its SYN after 1 s only. */
const connectLimitMs = 200;
/** On the destination a connection that is silent for so long gets another beside it. */
const hedgeMs = 20;
const mostOpen = 8;

/** Keeps asking one target. Bounded: at most 8 open connections, and those that were begun within 200 ms. */
export class RequestTarget {
  readonly name: string;
  /** Times from one chance to be answered (a request sent, a connection tried) to the next. */
  readonly intervals: IntervalHistogram = createIntervalHistogram();
  sent = 0;
  /** Requests left out, as no connection was open or too many waited. */
  unsent = 0;
  attempts = 0;
  /** Connections that were neither accepted nor refused: their packets were dropped. */
  silentAttempts = 0;
  readonly #target: Target;
  readonly #protocol: Protocol;
  readonly #hedged: boolean;
  readonly #onAnswer: (answer: Answer) => void;
  #sockets: ProbeSocket[] = [];
  #turn = 0;
  #lastAttemptMs = Number.NEGATIVE_INFINITY;
  #lastChanceMs: number | null = null;

  /**
   * `hedged`: silent connections get others beside them. Not on the source: what it accepts while it is frozen
   * would stand in the dump as connections in flight, on which CRIU fails unless told to skip them.
   */
  constructor(options: { target: Target; protocol: Protocol; hedged: boolean; onAnswer: (answer: Answer) => void }) {
    this.#target = options.target;
    this.#protocol = options.protocol;
    this.#hedged = options.hedged;
    this.#onAnswer = options.onAnswer;
    this.name = targetName(options.target);
  }

  get unanswered(): number {
    return this.#sockets.reduce((sum, socket) => sum + socket.unanswered, 0);
  }

  /** Called each millisecond; `due`: how many requests are to be sent now, more than one after a stall of our own. */
  tick(nowMs: number, due: number): void {
    this.#reconnect(nowMs);
    if (this.#protocol.request === null) return;
    const open = this.#sockets.filter((socket) => socket.state === 'open');
    for (let i = 0; i < due; i += 1) {
      this.#turn = (this.#turn + 1) % Math.max(1, open.length);
      if (open[this.#turn]?.send(nowMs)) {
        this.sent += 1;
        this.#chance(nowMs);
      } else this.unsent += 1;
    }
  }

  /** Of its open connections together. */
  async readRetransmits(reader: RetransmitReader): Promise<Retransmits | null> {
    const ports = this.#sockets.flatMap(({ state, localPort }) =>
      state === 'open' && localPort !== undefined ? [localPort] : [],
    );
    const readings = await Promise.all(ports.map((port) => reader.read(port)));
    return readings.reduce(sumOfRetransmits, null);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #reconnect(nowMs: number): void {
    for (const socket of this.#sockets) {
      if (socket.state !== 'connecting' || nowMs - socket.startedMs <= connectLimitMs) continue;
      socket.close();
      this.silentAttempts += 1;
    }
    this.#sockets = this.#sockets.filter((socket) => socket.state !== 'ended');
    const connectOnly = this.#protocol.request === null;
    if (nowMs - this.#lastAttemptMs < (connectOnly ? connectOnlyMs : reconnectMs)) return;
    if (!connectOnly && !this.#wantsAnother(nowMs)) return;
    this.#lastAttemptMs = nowMs;
    this.attempts += 1;
    this.#chance(nowMs);
    this.#sockets.push(
      new ProbeSocket(this.#target, this.#protocol, {
        onAnswer: (answer, socket) => {
          this.#onAnswer(answer);
          if (connectOnly) socket.close();
        },
        onEnd: () => {},
      }),
    );
  }

  #wantsAnother(nowMs: number): boolean {
    if (!this.#hedged) return this.#sockets.length < wantedOpen;
    const open = this.#sockets.filter((socket) => socket.state === 'open');
    const lively = open.filter((socket) => nowMs - socket.heardMs <= hedgeMs);
    // On a long way many are begun before the first is open.
    for (const surplus of lively.slice(wantedOpen)) surplus.close();
    if (lively.length >= wantedOpen) return false;
    if (open.length >= mostOpen) open[0]?.close();
    return true;
  }

  #chance(nowMs: number): void {
    if (this.#lastChanceMs !== null && nowMs > this.#lastChanceMs) this.intervals.add(nowMs - this.#lastChanceMs);
    this.#lastChanceMs = nowMs;
  }
}
