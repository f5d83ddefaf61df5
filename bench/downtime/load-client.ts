/**
 * A client that asks Redis for one key after the other, and goes with the service from one address to the other:
 * `node load-client.js '{"addresses":["10.0.0.1","10.0.0.2"],"command":"GET","keys":1000000}'`.
 * When its stdin ends it prints the answers as JSON: `[[atMs, latencyMs], …]`, the first in milliseconds since 1970.
 *
 * One request at a time, the next a millisecond after an answer: the smallest load of which it can still be told that it has become slower,
 * and each waits for the pages of another key. SET writes values of 96 bytes, as DEBUG POPULATE has made them.
 */
import { createConnection, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import type { LoadConfig } from './load.ts';

const { addresses, command, keys }: LoadConfig = JSON.parse(process.argv[2] ?? '');
const port = 6379;
const pauseMs = 1;
/** So long an answer may take before the other address is tried, too; this one stays open until that answers. */
const patienceMs = 20;
const retryMs = 10;
const value = 'x'.repeat(96);

const answers: [number, number][] = [];
let active: Socket | null = null;
/** Since when it has been waited for an answer, on whatever connection. */
let askedMs = now();
let attempts: readonly Socket[] = [];

function now(): number {
  return performance.timeOrigin + performance.now();
}

function request(): string {
  const key = `key:${Math.floor(Math.random() * keys)}`;
  return command === 'SET' ? `SET ${key} ${value}\r\n` : `GET ${key}\r\n`;
}

/** Replies here are `+OK`, `$-1` or `$LENGTH` and a value: complete when they end in a line's end, but for a length alone. */
function isWhole(reply: string): boolean {
  return reply.endsWith('\r\n') && !/^\$\d+\r\n$/.test(reply);
}

function attempt(address: string): void {
  const socket = createConnection({ host: address, port, noDelay: true });
  attempts = [...attempts, socket];
  let reply = '';
  const drop = () => {
    attempts = attempts.filter((other) => other !== socket);
    if (active === socket) active = null;
    socket.destroy();
  };
  socket.once('connect', () => socket.write(request()));
  socket.on('data', (bytes) => {
    reply += bytes;
    if (!isWhole(reply)) return;
    reply = '';
    answered(socket);
  });
  socket.on('error', drop).on('close', drop);
  setTimeout(() => socket !== active && drop(), 200);
}

function answered(socket: Socket): void {
  const atMs = now();
  answers.push([atMs, atMs - askedMs]);
  active = socket;
  for (const other of attempts) if (other !== socket) other.destroy();
  setTimeout(() => {
    askedMs = now();
    if (active === socket) socket.write(request());
  }, pauseMs);
}

try {
  setPriority(-10); // as the probes have it: few cores, and what is measured keeps them busy
} catch {} // not root

setInterval(() => {
  if (active !== null && now() - askedMs < patienceMs) return;
  for (const address of addresses) if (active?.remoteAddress !== address) attempt(address);
}, retryMs);
process.stdin.on('end', () => process.stdout.write(JSON.stringify(answers), () => process.exit(0))).resume();
