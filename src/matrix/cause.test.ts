import { expect, test } from 'vitest';
import type { CriuLogSummary } from '../layers/criu/summary.ts';
import { failureOf } from './cause.ts';

const facts = (kernel: string, criu: string, docker: string) =>
  ({ kernel, versions: { criu, docker, containerd: null, runc: null } }) as Parameters<typeof failureOf>[1]['facts'];
const usual = facts('6.12.117', '4.2.1', '26.1.5');
const failed = (file: string, failure: Partial<CriuLogSummary['failure']>) =>
  ({ file, failure: { phase: null, line: 1, message: '', cause: null, hint: null, source: null, ...failure } }) as CriuLogSummary;

test("CRIU's first error in the phase's own log, with what is known of it", () => {
  const logs = [
    failed('x/bridge.pre-dump/dump.log', { message: 'of another phase' }),
    failed('x/bridge.checkpoint/dump.log', { phase: 'criu.dump.task', message: 'Error', cause: 'why', hint: 'what to do' }),
  ];
  expect(failureOf('bridge.checkpoint', { said: 'Error response from daemon', logs, facts: usual })).toEqual({
    ...{ phase: 'bridge.checkpoint', message: 'criu.dump.task: Error', cause: 'why', hint: 'what to do' },
  });
});

test('a log that gives no reason: what is known of this CRIU on this kernel', () => {
  const logs = [failed('x/host.checkpoint/dump.log', { message: 'Dumping FAILED.' })];
  const known = failureOf('host.checkpoint', { said: '', logs, facts: facts('7.2.12+deb14', '4.1.1', '26.1.5') });
  expect(known).toMatchObject({ message: 'Dumping FAILED.', cause: expect.stringMatching(/^CRIU 4\.1\.1 on kernel 7\.2.*INET/) });
});

test("no log: Docker's own words; its limit on the bridge is known", () => {
  const said = '\nError response from daemon: failed to create task\n';
  const newer = facts('6.12', '4.2.1', '28.5.2');
  expect(failureOf('bridge.restore', { said, logs: [], facts: newer })).toEqual({
    ...{ phase: 'bridge.restore', message: 'Error response from daemon: failed to create task', hint: null },
    cause: expect.stringMatching(/^Docker 28\.5\.2 restores checkpoints on the host network only/),
  });
  expect(failureOf('host.restore', { said, logs: [], facts: newer })).toMatchObject({ cause: null });
  expect(failureOf('check', { said: '', logs: [], facts: null })).toMatchObject({ message: 'it said nothing', cause: null });
});
