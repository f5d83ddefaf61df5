import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../hosts/check.ts';
import type { Host } from '../../hosts/host.ts';
import type { MoveOptions } from '../plan.ts';
import { checkPageChannel } from './page-channel-check.ts';

const fine = { exitCode: 0, stdout: '', stderr: '' };
const closed = { exitCode: 1, stdout: '', stderr: 'no answer\n' };
const noPerl = { exitCode: 127, stdout: '', stderr: '/bin/sh: 1: eval: perl: not found\n' };

interface Answers {
  /** Of the program that knocks, by the host and what it is told to do. */
  readonly knocks?: Readonly<Record<string, object>>;
  readonly reach?: CheckResult['status'];
}

/** What doctor shows of a, at 10.0.0.1, and b, at 10.0.0.2, and what it had them do. */
async function look(options: Pick<MoveOptions, 'strategy' | 'pagePort'>, { knocks = {}, reach = 'ok' }: Answers = {}) {
  const asked: string[] = [];
  const host = (name: string, address: string): Host => {
    const run = async (command: string) => {
      asked.push(`${name}: ${command}`);
      if (command.startsWith('ssh ')) return { ...fine, stdout: '10.0.0.1 40000 10.0.0.2 22\n' };
      if (command.startsWith('ip ')) return { ...fine, stdout: `2: eth0    inet ${address}/24 scope global` };
      return knocks[`${name} ${command.split(' ')[2]}`] ?? fine;
    };
    return { name, sshFromPeer: ['root@10.0.0.2'], shell: { run } } as unknown as Host;
  };
  const checks = [{ name: 'reach', host: 'a', peer: 'b', status: reach, found: '', why: '', hint: '' }];
  const rows = await checkPageChannel({ source: host('a', '10.0.0.1'), destination: host('b', '10.0.0.2'), options, checks });
  return {
    rows,
    asked,
    brief: rows.map((row) => `${row.host} to ${row.peer}: ${row.status} ${row.found.replace(/\d{5}/, 'N')}`),
  };
}

describe('the way of the memory, before any move', () => {
  const toB = 'a to b: ok gets through to b at 10.0.0.2 port N';
  const toA = 'b to a: ok gets through to a at 10.0.0.1 port N';
  test.each([
    ['diskless', [toB]],
    ['post-copy', [toA]],
    ['hybrid', [toA]],
    ['docker', [toB, toA]],
    ['cold', []],
    ['pre-copy', []],
  ] as const)('%s: where it would go', async (strategy, expected) => {
    const { rows, brief, asked } = await look({ strategy });
    expect(brief).toEqual(expected);
    expect(rows.every(({ name }) => name === 'page-channel')).toBe(true);
    // no connection of ssh is left open
    expect(asked.filter((line) => /ssh .*(-M|-S |ControlPath)/.test(line))).toEqual([]);
  });

  test('by the port that is named', async () => {
    const { asked } = await look({ strategy: 'docker', pagePort: 9000 });
    expect(asked.filter((line) => line.includes(' perl '))).toEqual([
      "b: perl - listen '10.0.0.2' 9000 6",
      "a: perl - connect '10.0.0.2' 9000 5",
      "a: perl - listen '10.0.0.1' 9000 6",
      "b: perl - connect '10.0.0.1' 9000 5",
    ]);
  });

  test('a way that is closed fails where the strategy goes by it, and is a warning where none was chosen', async () => {
    const knocks = { 'b listen': closed, 'a connect': closed };
    const { rows } = await look({ strategy: 'diskless' }, { knocks });
    const found = expect.stringMatching(/^a does not get through to b by tcp at 10\.0\.0\.2 port \d+, .*: no answer$/);
    const hint = expect.stringMatching(/^a firewall\? Let a in .*ports 20000-31999/);
    expect(rows).toMatchObject([{ host: 'a', peer: 'b', status: 'fail', found, hint }]);
    const all = (await look({ strategy: 'docker' }, { knocks })).rows;
    expect(all).toMatchObject([
      { host: 'a', peer: 'b', status: 'warn', found, hint },
      { host: 'b', peer: 'a', status: 'ok' },
    ]);
  });

  test('a host without perl: that, and no firewall', async () => {
    const { rows } = await look({ strategy: 'post-copy' }, { knocks: { 'a listen': noPerl, 'b connect': closed } });
    const found = 'a: the way by which the memory would go cannot be tried without perl: /bin/sh: 1: eval: perl: not found';
    expect(rows).toMatchObject([{ status: 'fail', found, hint: 'install it there: apt-get install perl-base' }]);
  });

  test.each([
    ['docker', 'warn'],
    ['hybrid', 'fail'],
  ] as const)(
    '%s, hosts that do not reach each other by ssh: said once, and nothing is asked of them',
    async (strategy, status) => {
      const { rows, asked } = await look({ strategy }, { reach: status });
      expect(rows).toMatchObject([{ status, found: expect.stringMatching(/^a does not reach b by ssh/) }]);
      expect(asked).toEqual([]);
    },
  );
});
