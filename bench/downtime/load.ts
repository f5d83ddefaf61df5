import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';

export interface LoadConfig {
  readonly addresses: readonly string[];
  readonly command: 'GET' | 'SET';
  /** Keys are drawn from the first so many. */
  readonly keys: number;
}

/** When an answer came, and how long it had been waited for. */
export type Answer = readonly [atMs: number, latencyMs: number];

/** A client that keeps asking, in a process of its own. */
export interface Load extends AsyncDisposable {
  /** Ends it, and gives its answers. */
  stop(): Promise<readonly Answer[]>;
}

export function startLoad(hosts: readonly Host[], { command, keys }: Omit<LoadConfig, 'addresses'>): Load {
  const addresses = hosts.flatMap(({ address }) => address ?? []);
  const program = join(packageRoot(), 'dist/bench/downtime/load-client.js');
  const config: LoadConfig = { addresses, command, keys };
  const [file = '', ...words] = [...(hosts[0]?.networkPrefix ?? []), process.execPath, program, JSON.stringify(config)];
  const client = execa(file, words, { stdin: 'pipe', reject: false, maxBuffer: 100_000_000 });
  client.stdin.on('error', () => {}); // it has ended before
  const stop = async () => {
    client.stdin.end();
    const { stdout, stderr } = await client;
    if (!stdout.startsWith('[')) throw new Error(`the client of the bench failed: ${stderr}`);
    return JSON.parse(stdout) as Answer[];
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      client.stdin.end();
      await client;
    },
  };
}
