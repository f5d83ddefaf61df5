import { connect, type Socket } from 'node:net';
import type { Answer } from './gap-log.ts';
import type { Protocol } from './protocol.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

export function targetName(target: Target): string {
  return target.address.includes(':') ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`;
}

export interface ProbeSocketEvents {
  onOpen?(socket: ProbeSocket): void;
  onAnswer(answer: Answer, socket: ProbeSocket): void;
  /** Once, also where the connection never came to be; not after `close()`. */
  onEnd(reason: string, socket: ProbeSocket): void;
}

/** One connection to a target; requests are pipelined on it, answers come in their order. */
export class ProbeSocket {
  readonly target: string;
  readonly startedMs = performance.now();
  state: 'connecting' | 'open' | 'ended' = 'connecting';
  /** When it was opened, or last answered. */
  heardMs = this.startedMs;
  answers = 0;
  readonly #socket: Socket;
  readonly #protocol: Protocol;
  readonly #events: ProbeSocketEvents;
  readonly #countAnswers: (bytes: Buffer) => number;
  /** When the requests that wait for their answers were sent. */
  readonly #waiting: number[] = [];

  constructor(target: Target, protocol: Protocol, events: ProbeSocketEvents) {
    this.target = targetName(target);
    this.#protocol = protocol;
    this.#events = events;
    this.#countAnswers = protocol.countAnswers();
    this.#socket = connect({ host: target.address, port: target.port, noDelay: true });
    this.#socket.on('connect', () => this.#opened());
    this.#socket.on('data', (bytes) => this.#heard(bytes));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    this.#socket.on('end', () => this.#end('closed by the other side'));
    this.#socket.on('close', () => this.#end('closed'));
  }

  /** Ports of this connection: what `ss` finds it by. Undefined until it is open. */
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  get unanswered(): number {
    return this.#waiting.length;
  }

  /** False where too many wait already: the request is left out. */
  send(nowMs: number): boolean {
    const { request, mostUnanswered } = this.#protocol;
    if (this.state !== 'open' || request === null || this.#waiting.length >= mostUnanswered) return false;
    this.#waiting.push(nowMs);
    this.#socket.write(request);
    return true;
  }

  close(): void {
    this.state = 'ended';
    this.#socket.destroy();
  }

  #opened(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.heardMs = performance.now();
    this.#events.onOpen?.(this);
    if (this.#protocol.request !== null) return;
    this.#events.onAnswer({ target: this.target, sentMs: this.startedMs, atMs: this.heardMs }, this);
  }

  #heard(bytes: Buffer): void {
    if (this.state !== 'open') return;
    const atMs = performance.now();
    for (let count = this.#countAnswers(bytes); count > 0; count -= 1) {
      const sentMs = this.#waiting.shift();
      if (sentMs === undefined) return; // it speaks unasked, as some servers do before they close
      this.heardMs = atMs;
      this.answers += 1;
      this.#events.onAnswer({ target: this.target, sentMs, atMs }, this);
      if ((this.state as string) === 'ended') return;
    }
  }

  #end(reason: string): void {
    if (this.state === 'ended') return;
    this.close();
    this.#events.onEnd(reason, this);
  }
}
