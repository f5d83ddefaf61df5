import { execa } from 'execa';

/** What TCP sent again on one connection, so far. */
export interface Retransmits {
  /** Segments that were lost, or are not known not to be. */
  readonly lost: number;
  /**
   * Segments that the other side had already, as its D-SACK said. A frozen process lets its kernel wait 40 ms with an
   * acknowledgement, and the sender's tail loss probe comes before: no time is lost by those.
   */
  readonly needless: number;
}

/**
 * Of the connection with this local port, in our network namespace, by `ss` of iproute2.
 * null where it is missing, or knows no such connection (any more).
 */
export async function readRetransmits(localPort: number): Promise<Retransmits | null> {
  const { failed, stdout } = await execa('ss', ['-tinH', `sport = :${localPort}`], {
    reject: false,
    timeout: 2_000,
    stdin: 'ignore',
  });
  return failed ? null : parseRetransmits(stdout);
}

/** `retrans:0/3`: unacknowledged now, and in all; `dsack_dups:2`. ss leaves out what is 0. */
export function parseRetransmits(text: string): Retransmits | null {
  if (text.trim() === '') return null;
  const all = Number(/\bretrans:\d+\/(\d+)/.exec(text)?.[1] ?? 0);
  const needless = Math.min(all, Number(/\bdsack_dups:(\d+)/.exec(text)?.[1] ?? 0));
  return { lost: all - needless, needless };
}

/** null is unknown; what is known of one connection is not lost by another's being unknown. */
export function sumOfRetransmits(a: Retransmits | null, b: Retransmits | null): Retransmits | null {
  if (a === null || b === null) return a ?? b;
  return { lost: a.lost + b.lost, needless: a.needless + b.needless };
}
