import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { bounded } from './bounded.ts';

/** A log that ran away (a looping restore writes 50 MB a second) is cut here. */
export const fileLimitBytes = 64 * 1024 * 1024;

/** Copies a host's file, byte for byte. @throws TransshipError `failed` when the host does not answer */
export async function fetchFile(host: Host, path: string, file: string): Promise<void> {
  const process = host.spawn(`head -c ${fileLimitBytes} -- ${quoteWord(path)}`);
  process.stdin.end();
  const copied = pipeline(process.stdout, createWriteStream(file)).then(() => process.ended);
  await bounded(`reading ${path} on ${host.name}`, 60_000, copied).catch((error) => {
    process.kill();
    throw error;
  });
}
