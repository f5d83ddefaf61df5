import { InvalidArgumentError, Option } from 'commander';

export function pagePortOption(): Option {
  return new Option(
    '--page-port <port>',
    'the TCP port by which the memory goes from host to host: diskless on the destination, post-copy and hybrid on the source (default: a free one of 20000-31999)',
  ).argParser((text) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (port > 0 && port <= 65_535) return port;
    throw new InvalidArgumentError('It takes a port from 1 to 65535.');
  });
}
