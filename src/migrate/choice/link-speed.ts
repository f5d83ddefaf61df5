import { quoteWord } from '../../hosts/link.ts';
import { asRoot, type Route } from '../whole/route.ts';

/** Enough for a figure, little enough for a slow line, which it may keep busy for that long. */
const limits = { looks: 4, seconds: 0.1, bytes: 64 * 1024 * 1024 } as const;

/**
 * How fast ssh carries bytes from host to host, by its cipher: what comes in 0.1 s is counted at the far end, four times. The best counts: on a
 * busy machine a single look was seen to be off by a hundred. Null when it could not be seen.
 */
export async function readLinkSpeed({ source, ssh }: Route): Promise<number | null> {
  if (ssh === null) return null;
  const count = `head -c 65536 >/dev/null # it flows
    for i in $(seq ${limits.looks}); do
      begin=\${EPOCHREALTIME/[.,]/}; bytes=$(timeout ${limits.seconds} cat | wc -c); end=\${EPOCHREALTIME/[.,]/}
      echo "$bytes $((end - begin))"
    done`;
  const far = quoteWord(asRoot(`bash -c ${quoteWord(count)}`));
  const zeros = `dd if=/dev/zero bs=256k count=${limits.bytes / 2 ** 18} 2>/dev/null`;
  const { stdout } = await source.shell.run(`${zeros} | ${ssh} ${far}`, { timeoutMs: 15_000 });
  return bestOf(stdout);
}

/** Pure. Lines of bytes and microseconds. */
export function bestOf(looks: string): number | null {
  const speeds = [...looks.matchAll(/^(\d+) ([1-9]\d*)$/gm)].map(([, bytes, us]) => (1e6 * Number(bytes)) / Number(us));
  const best = Math.max(0, ...speeds);
  return best > 0 ? best : null;
}
