import { expect, test } from 'vitest';
import type { Host } from '../../hosts/host.ts';
import { knock } from './knock.ts';

const channel = { source: '10.0.0.1', destination: '10.0.0.2', port: 20_001 };
const fine = { exitCode: 0, stderr: '' };

/** Hosts that answer as `knock` would there, and note what was asked of them. */
function pair(answers: { readonly listen: object; readonly connect: object }) {
  const asked: string[] = [];
  const host = (name: string) => {
    const run = async (command: string) => {
      const word = command.split(' ')[2] as 'listen' | 'connect';
      asked.push(`${name}: ${command}`);
      return answers[word];
    };
    return { name, shell: { run } } as unknown as Host;
  };
  return { asked, source: host('a'), destination: host('b') };
}

test.each([
  ['diskless', ["b: perl - listen '10.0.0.2' 20001 6", "a: perl - connect '10.0.0.2' 20001 5"]],
  ['post-copy', ["a: perl - listen '10.0.0.1' 20001 6", "b: perl - connect '10.0.0.1' 20001 5"]],
  ['hybrid', ["a: perl - listen '10.0.0.1' 20001 6", "b: perl - connect '10.0.0.1' 20001 5"]],
  ['cold', []],
  ['pre-copy', []],
] as const)('%s: the way that CRIU will take', async (kind, expected) => {
  const hosts = pair({ listen: fine, connect: fine });
  await knock(hosts, { channel, kind });
  expect(hosts.asked).toEqual(expected);
});

test('a way that is closed: both hosts, the address, the port, and the rule', async () => {
  const hosts = pair({
    listen: { exitCode: 1, stderr: 'nobody has come\n' },
    connect: { exitCode: 1, stderr: 'no answer\n' },
  });
  await expect(knock(hosts, { channel, kind: 'diskless' })).rejects.toMatchObject({
    code: 'not-ready',
    message: 'a does not get through to b by tcp at 10.0.0.2 port 20001, by which the memory would go: no answer',
    hint: expect.stringMatching(
      /^a firewall\? Let a in to 10\.0\.0\.2 of b by tcp, ports 20000-31999, .*--page-port.*--strategy cold/,
    ),
  });
});

test.each([
  ['b', 'listen'],
  ['a', 'connect'],
])('%s has no perl, by which both %s: it is named', async (name, word) => {
  const refused = { exitCode: 1, stderr: 'Connection refused\n' };
  const hosts = pair({
    listen: refused,
    connect: refused,
    [word]: { exitCode: 127, stderr: '/bin/sh: 1: eval: perl: not found\n' },
  });
  await expect(knock(hosts, { channel, kind: 'diskless' })).rejects.toMatchObject({
    code: 'not-ready',
    message: `${name}: the way by which the memory would go cannot be tried without perl: /bin/sh: 1: eval: perl: not found`,
  });
});

test('one who cannot listen there: that, and no firewall', async () => {
  const hosts = pair({
    listen: { exitCode: 2, stderr: 'Cannot assign requested address\n' },
    connect: { exitCode: 1, stderr: 'Connection refused\n' },
  });
  await expect(knock(hosts, { channel, kind: 'post-copy' })).rejects.toMatchObject({
    code: 'not-ready',
    message: 'a: nobody can listen at 10.0.0.1 port 20001, by which the memory would go: Cannot assign requested address',
  });
});
