import { describe, expect, test } from 'vitest';
import { compareProcessors } from './doctor.ts';
import { clockFinding, featuresFinding, runtimesFinding } from './doctor-checks.ts';
import { kernelOptionsFinding } from './kernel-options.ts';

describe("a kernel's configuration", () => {
  /** Of Debian 13's kernel 6.12, as far as CRIU minds; modules among them. */
  const debian = [
    'CHECKPOINT_RESTORE',
    'NAMESPACES',
    'PID_NS',
    'NET_NS',
    'UTS_NS',
    'IPC_NS',
    'FHANDLE',
    'EVENTFD',
    'EPOLL',
    'INOTIFY_USER',
  ]
    .map((name) => `CONFIG_${name}=y`)
    .concat(
      ['UNIX_DIAG', 'INET_DIAG', 'INET_TCP_DIAG', 'INET_UDP_DIAG', 'PACKET_DIAG', 'NETLINK_DIAG', 'NETFILTER_XT_MARK'].map(
        (name) => `CONFIG_${name}=m`,
      ),
    );

  test('has all', () => {
    expect(kernelOptionsFinding(debian.join('\n'))).toEqual({
      status: 'ok',
      found: 'CONFIG_CHECKPOINT_RESTORE and the 16 others that CRIU asks for',
    });
  });

  test('one that nothing goes without fails; one that some containers need warns, and says what is lost', () => {
    const without = (name: string) => kernelOptionsFinding(debian.filter((line) => !line.includes(`_${name}=`)).join('\n'));
    expect(without('CHECKPOINT_RESTORE')).toMatchObject({ status: 'fail', found: 'not set: CONFIG_CHECKPOINT_RESTORE' });
    expect(without('UNIX_DIAG')).toMatchObject({ status: 'warn', hint: expect.stringMatching(/no unix sockets$/) });
  });

  test('none to be found is said', () => {
    expect(kernelOptionsFinding('')).toMatchObject({ status: 'warn', found: expect.stringMatching(/^not known/) });
    expect(kernelOptionsFinding('# CONFIG_CHECKPOINT_RESTORE is not set\n')).toMatchObject({ status: 'warn' });
  });
});

test('features: those that this CRIU does not know are not counted', () => {
  expect(featuresFinding('+timens\n-pagemap_scan\n+nftables\n').found).toBe('2 of 3 optional ones; not pagemap_scan');
});

test.each([
  ['runc', ['runc', 'io.containerd.runc.v2'], 'ok', 'io.containerd.runc.v2, runc (default)'],
  ['runsc', ['runsc', 'runc'], 'warn', 'runc, runsc (default)'],
])('runtime %s', (usual, names, status, found) => {
  expect(runtimesFinding(usual, names)).toEqual({ status, found });
});

test.each([
  [0.04, 0.1, 'ok', '0.04 ms ahead of this machine, ±0.10 ms'],
  [-2300, 5, 'warn', '2.3 s behind this machine, ±5.00 ms'],
  [150, 80, 'ok', '150.00 ms ahead of this machine, ±80.00 ms'], // it may be 70 ms
])('a clock that is %d ms off, ±%d', (offsetMs, boundMs, status, found) => {
  expect(clockFinding(offsetMs, boundMs)).toEqual({ status, found });
});

test('processors side by side: each says what another one lacks', () => {
  const a = { host: 'a', model: 'X', instructions: ['sse2', 'avx2', 'avx512f'] };
  const b = { host: 'b', model: 'Y', instructions: ['sse2', 'avx2'] };
  expect(compareProcessors([a, b]).map(({ host, status, found }) => [host, status, found])).toEqual([
    ['a', 'warn', 'X, 3 instruction sets; not on b: avx512f'],
    ['b', 'ok', 'Y, 2 instruction sets'],
  ]);
});
