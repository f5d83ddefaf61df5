import { createServer } from 'node:http';

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: Uint8Array | string;
}

/** A receiver on loopback that keeps what it is sent and answers as told; `await using` closes it. */
export async function startCollector(answer: (request: number) => Answer) {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts));
      const { status, type = 'application/x-protobuf', body = '' } = answer(bodies.length);
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
