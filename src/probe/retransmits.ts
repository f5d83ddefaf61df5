import { createInterface } from 'node:readline';
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

export interface RetransmitReader {
  /** Of the connection with this local port, in our network namespace; null where `ss` is missing or knows none such (any more). */
  read(localPort: number): Promise<Retransmits | null>;
  close(): void;
}

const readLimitMs = 1_000;
/** `ss` is of iproute2. A line that cannot be of ss ends what belongs to one question. */
const script = 'while read -r port; do ss -tinH "sport = :$port" 2>/dev/null; echo end; done';

/** One shell that starts `ss` for us: a process of our own for each question would hold the probes up for 3 to 9 ms. */
export function startRetransmitReader(): RetransmitReader {
  const shell = execa('sh', ['-c', script], { reject: false, stdin: 'pipe', stderr: 'ignore', buffer: false });
  shell.stdin.on('error', () => {}); // it has ended: every answer is null then
  let heard: string[] = [];
  const waiting: ((text: string | null) => void)[] = [];
  createInterface({ input: shell.stdout }).on('line', (line) => {
    if (line !== 'end') heard.push(line);
    else {
      waiting.shift()?.(heard.join('\n'));
      heard = [];
    }
  });
  return {
    async read(localPort) {
      const text = await new Promise<string | null>((resolve) => {
        waiting.push(resolve);
        shell.stdin.write(`${localPort}\n`);
        setTimeout(() => resolve(null), readLimitMs).unref();
      });
      return text === null ? null : parseRetransmits(text);
    },
    close: () => shell.stdin.end(),
  };
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

/** `isKept`: the gap ended on the connection it began on, so that what was lost delayed its end. */
export function retransmitNotes(retransmits: Retransmits | null, isKept = true): readonly string[] {
  const { lost, needless } = retransmits ?? { lost: 0, needless: 0 };
  return [
    ...(lost > 0 ? [`segments sent again: ${lost}${isKept ? ', and a lost one costs 200 ms or more of its own' : ''}`] : []),
    ...(needless > 0 ? [`segments sent again needlessly, as they had arrived: ${needless}`] : []),
  ];
}
