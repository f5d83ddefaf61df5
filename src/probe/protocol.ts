export type ProtocolName = 'redis' | 'http' | 'tcp';

/** How one asks, and how one counts answers in a stream of bytes that is cut anywhere. */
export interface Protocol {
  /** null: there is nothing to ask; that a connection is accepted is the answer. */
  readonly request: Buffer | null;
  /** A counter for one connection: takes the next bytes, gives the number of answers that ended in them. */
  readonly countAnswers: () => (bytes: Buffer) => number;
  /** Requests that may wait for their answer on one connection; more are left out and counted. */
  readonly mostUnanswered: number;
}

/** Guesses by the port: 6379 is Redis; 80, 8080, 8000, 3000, 5000 are HTTP; all else is bare TCP. */
export function protocolOfPort(port: number): ProtocolName {
  if (port === 6379) return 'redis';
  return [80, 3000, 5000, 8000, 8080].includes(port) ? 'http' : 'tcp';
}

export function protocolOf(name: ProtocolName, address: string): Protocol {
  if (name === 'redis') {
    // Inline command, one line back. `-NOAUTH` and `-LOADING` are lines too, and progress as much as `+PONG` is.
    return { request: Buffer.from('PING\r\n'), countAnswers: () => countOf('\n'), mostUnanswered: 4_096 };
  }
  if (name === 'http') {
    // HEAD: an answer ends with its header. Servers that close after each answer get a new connection.
    const request = Buffer.from(`HEAD / HTTP/1.1\r\nHost: ${address}\r\nUser-Agent: transship-probe\r\n\r\n`);
    return { request, countAnswers: () => countOf('\r\n\r\n'), mostUnanswered: 1_024 };
  }
  return { request: null, countAnswers: () => () => 0, mostUnanswered: 0 };
}

/** Counts an ending whose first byte occurs in it only where a failed match may begin anew. */
function countOf(ending: string): (bytes: Buffer) => number {
  const wanted = Buffer.from(ending);
  let matched = 0;
  return (bytes) => {
    let count = 0;
    for (const byte of bytes) {
      matched = byte === wanted[matched] ? matched + 1 : byte === wanted[0] ? 1 : 0;
      if (matched < wanted.length) continue;
      count += 1;
      matched = 0;
    }
    return count;
  };
}
