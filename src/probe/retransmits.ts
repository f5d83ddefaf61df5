import { execa } from 'execa';

/**
 * Segments that TCP sent again on the connection with this local port, in our network namespace, by `ss` of iproute2.
 * null where it is missing, or knows no such connection (any more).
 */
export async function readRetransmits(localPort: number): Promise<number | null> {
  const { failed, stdout } = await execa('ss', ['-tinH', `sport = :${localPort}`], {
    reject: false,
    timeout: 2_000,
    stdin: 'ignore',
  });
  return failed ? null : parseRetransmits(stdout);
}

/** `retrans:0/3`: unacknowledged now, and in all; ss leaves the word out while there are none. */
export function parseRetransmits(text: string): number | null {
  if (text.trim() === '') return null;
  const total = /\bretrans:\d+\/(\d+)/.exec(text)?.[1];
  return total === undefined ? 0 : Number(total);
}
