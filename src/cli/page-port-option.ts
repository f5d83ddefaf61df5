import { InvalidArgumentError, Option } from 'commander';
import { TransshipError } from '../error.ts';
import { hasPageChannel } from '../hosts/check.ts';

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

/** @throws TransshipError `usage` for a strategy whose memory goes by no such port; which one `auto` takes is not known yet */
export function pagePortOf({ pagePort, strategy }: { readonly pagePort?: number; readonly strategy: string }): {
  readonly pagePort?: number;
} {
  if (pagePort === undefined) return {};
  if (strategy === 'auto' || hasPageChannel({ strategy })) return { pagePort };
  throw new TransshipError(
    'usage',
    `--page-port is for memory that goes by a port of its own, and --strategy ${strategy} sends none so`,
    'leave it out, or take --strategy diskless, post-copy, hybrid or auto',
  );
}
