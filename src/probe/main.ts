/**
 * The outside observer, a process of its own, so that a busy controller doesn't disturb it:
 * `node main.js '{"targets":[{"address":"10.0.0.1","port":6379}],"protocol":"redis"}'`.
 * Says what it sees in JSON lines on stdout; ends, with a line of kind `summary`, when its stdin ends, or on SIGTERM.
 */
import { setPriority } from 'node:os';
import type { ProbeRecord } from '../evidence/records.ts';
import { startConnection } from './kept-connection.ts';
import { type ProbeConfig, type ProbeMessage, parseConfig } from './observer-message.ts';
import { startRequests } from './requests.ts';
import { startRetransmitReader } from './retransmits.ts';

function say(message: ProbeMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function startAll(config: ProbeConfig): () => Promise<void> {
  const retransmitReader = startRetransmitReader();
  const common = { ...config, retransmitReader, onRecord: (record: ProbeRecord) => say({ event: 'record', record }) };
  const requests = startRequests({ ...common, onFirstAnswer: (target) => say({ event: 'answer', probe: 'requests', target }) });
  const connection = startConnection({
    ...common,
    onFirstAnswer: (target) => say({ event: 'answer', probe: 'connection', target }),
  });
  return async () => {
    const readings = await Promise.all([requests.stop(), connection.stop()]);
    retransmitReader.close();
    say({ event: 'summary', readings });
  };
}

function main(): void {
  try {
    setPriority(-10); // few cores, and what is measured keeps them busy
  } catch {
    // not root: the lag that follows is measured and told
  }
  const stopAll = startAll(parseConfig(process.argv[2] ?? ''));
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void stopAll().then(() => process.stdout.write('', () => process.exit(0)));
  };
  process.on('SIGTERM', stop).on('SIGHUP', stop);
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the controller decides when to stop
  process.stdout.on('error', () => process.exit(0)); // nobody listens any more
  process.stdin.on('end', stop).on('error', stop).resume();
}

try {
  main();
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
