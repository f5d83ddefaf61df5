import { isIPv4 } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { TransshipError } from '../error.ts';

export function movingAddressOption(): Option {
  return new Option(
    '--moving-address <address>',
    'with --tcp-established, on the host network: this address of the source moves along',
  ).argParser((text) => {
    if (isIPv4(text)) return text;
    throw new InvalidArgumentError('An IPv4 address of the source.');
  });
}

/** @throws TransshipError `usage` for an address without its connections */
export function movingAddressOf(options: { readonly movingAddress?: string; readonly tcpEstablished?: boolean }): {
  readonly movingAddress?: string;
} {
  const { movingAddress, tcpEstablished = false } = options;
  if (movingAddress === undefined) return {};
  if (tcpEstablished) return { movingAddress };
  throw new TransshipError('usage', '--moving-address is for connections that live on', 'add --tcp-established');
}
