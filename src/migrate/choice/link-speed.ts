import { quoteWord } from '../../hosts/link.ts';
import { asRoot, type Route } from '../whole/route.ts';

/** Enough for a figure, little enough for a slow line, which it may keep busy for that long. */
const limits = { seconds: 0.3, bytes: 64 * 1024 * 1024 } as const;

/** How fast ssh carries bytes from host to host, by its cipher: what comes within 0.3 s is counted at the far end. Null when it could not be seen. */
export async function readLinkSpeed({ source, ssh }: Route): Promise<number | null> {
  if (ssh === null) return null;
  const count = `begin=\${EPOCHREALTIME/[.,]/}; bytes=$(timeout ${limits.seconds} cat | wc -c); end=\${EPOCHREALTIME/[.,]/}; echo "$bytes $((end - begin))"`;
  const far = quoteWord(asRoot(`bash -c ${quoteWord(count)}`));
  const { stdout } = await source.shell.run(
    `dd if=/dev/zero bs=256k count=${limits.bytes / 2 ** 18} 2>/dev/null | ${ssh} ${far}`,
    { timeoutMs: 15_000 },
  );
  const [, bytes, us] = /^(\d+) (\d+)$/m.exec(stdout) ?? [];
  return Number(bytes) > 0 && Number(us) > 0 ? (1e6 * Number(bytes)) / Number(us) : null;
}
