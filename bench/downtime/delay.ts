/**
 * A slow line, as this kernel has no netem: `node delay.js MS HOST PORT` joins standard input and output to a connection, and every byte is
 * MS late, either way. For ssh's ProxyCommand.
 */
import { createConnection } from 'node:net';
import type { Readable, Writable } from 'node:stream';

const [ms = '25', host = '', port = '22'] = process.argv.slice(2);

/** Timers of one length keep their order. Nothing is held back: what is on the way is what was sent in the last MS. */
function pour(from: Readable, to: Writable): void {
  const later = (action: () => void) => setTimeout(action, Number(ms));
  from.on('data', (bytes: Buffer) => later(() => to.write(bytes)));
  from.on('end', () => later(() => to.end()));
}

const socket = createConnection({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
for (const stream of [process.stdout, socket]) stream.on('error', () => process.exit(1));
socket.on('close', () => setTimeout(() => process.exit(0), Number(ms)));
pour(process.stdin, socket);
pour(socket, process.stdout);
