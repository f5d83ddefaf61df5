import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { TransshipError } from '../../src/error.ts';

/** One command of QEMU's machine protocol (docs/interop/qmp-spec.rst); its answer, or an error that names it. */
export type AskQemu = (command: string, words?: Readonly<Record<string, unknown>>) => Promise<unknown>;

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

const answerLimitMs = 60_000;

/** Talks to the machine behind this socket, as long as `talk` takes. Events are passed over. */
export async function withQemu<T>(socket: string, talk: (ask: AskQemu) => Promise<T>): Promise<T> {
  const connection = createConnection(socket);
  await once(connection, 'connect', { signal: AbortSignal.timeout(answerLimitMs) });
  const lines = createInterface({ input: connection })[Symbol.asyncIterator]();
  const ask: AskQemu = async (command, words = {}) => {
    connection.write(`${JSON.stringify({ execute: command, arguments: words })}\n`);
    const timer = setTimeout(() => connection.destroy(), answerLimitMs);
    try {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw failure(command, 'it ended, or did not answer');
        const answer = JSON.parse(value) as Answer;
        if (answer.error !== undefined) throw failure(command, answer.error.desc);
        if (answer.return !== undefined) return answer.return;
      }
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    await ask('qmp_capabilities'); // its greeting has no answer in it
    return await talk(ask);
  } finally {
    connection.destroy();
  }
}

function failure(command: string, why: string): TransshipError {
  return new TransshipError('failed', `QEMU, ${command}: ${why}`, 'transship testbed up without --saved boots anew');
}
