import { describe, expect, test } from 'vitest';
import { dockerLimit, knownBroken } from './broken-combinations.ts';
import { withoutSecrets } from './docker-api.ts';
import { hugePagesFinding, softDirtyFinding } from './pre-copy-checks.ts';
import { addressOf } from './proc-net.ts';
import { parseRuncConf } from './runc-conf.ts';
import { compareVersions } from './version-order.ts';

test.each([
  ['3.17.1', '6.18.44-fc', /vDSO/],
  ['3.17.1', '6.17.0', /INET socket/],
  ['4.1.1', '6.16.0-1-amd64', /INET socket/],
  ['4.2', '6.18.44', null],
  ['4.1.1', '6.12.48+deb13', null],
  [null, '6.18.44', null],
])('CRIU %s on kernel %s', (criu, kernel, expected) => {
  const broken = knownBroken({ kernel, versions: { docker: null, containerd: null, runc: null, criu } });
  if (expected === null) expect(broken).toBeNull();
  else expect(broken).toMatch(expected);
});

test.each([
  ['26.1.5+dfsg1', null],
  ['28.5.2', /^Docker 28\.5\.2 restores checkpoints on the host network only/],
  [null, null],
])('Docker %s', (docker, expected) => {
  if (expected === null) expect(dockerLimit({ docker })).toBeNull();
  else expect(dockerLimit({ docker })).toMatch(expected);
});

test('versions are compared by number, whatever follows', () => {
  expect(['4.10', '4.2', 'v4.2.0', '26.1.5+dfsg1', '28'].sort(compareVersions)).toEqual([
    '4.2',
    'v4.2.0',
    '4.10',
    '26.1.5+dfsg1',
    '28',
  ]);
});

test('runc.conf: blank or =, comments, flags', () => {
  const conf = parseRuncConf('# all\ntcp-close\nwork-dir /var/x # there\nnetwork-lock=nftables\n--log-file "a.log"\n');
  expect([...conf]).toEqual([
    ['tcp-close', ''],
    ['work-dir', '/var/x'],
    ['network-lock', 'nftables'],
    ['log-file', 'a.log'],
  ]);
});

test('addresses of /proc/net', () => {
  expect(addressOf('0100007F')).toBe('127.0.0.1');
  expect(addressOf('0000000000000000FFFF00000200A8C0')).toBe('192.168.0.2');
  expect(addressOf('00000000000000000000000001000000')).toBe('::1');
  expect(addressOf('000080FE000000000000000001000000')).toBe('[fe80:0:0:0:0:0:0:1]');
});

test('a call is recorded without values that could be secret', () => {
  expect(withoutSecrets('/containers/x/start?checkpoint=c1&token=t')).toBe('/containers/x/start?checkpoint=c1&token=…');
  expect(withoutSecrets('/_ping')).toBe('/_ping');
});

describe('what pre-copy needs of the kernel', () => {
  test('soft-dirty, by the exit status of criu check --feature; recorded on kernels 6.12 and 6.18', () => {
    expect(softDirtyFinding({ exitCode: 0, said: 'mem_dirty_track is supported', kernel: '6.12.48' })).toMatchObject({
      status: 'ok',
    });
    const said =
      'Warn  (criu/cr-check.c:1316): Dirty tracking is OFF. Memory snapshot will not work.\nFeature mem_dirty_track is not supported';
    expect(softDirtyFinding({ exitCode: 1, said, kernel: '6.18.44' })).toEqual({
      status: 'fail',
      found:
        'kernel 6.18.44 does not track changed pages (soft-dirty), so there can be no pre-copy (criu check: Dirty tracking is OFF. Memory snapshot will not work.)',
    });
    expect(softDirtyFinding({ exitCode: 127, said: '\n', kernel: 'x' }).found).toContain('(criu check: exit status 127)');
  });

  test.each([
    ['[always] madvise never\n', 'warn', 'transparent huge pages are always on'],
    ['always [madvise] never\n', 'ok', 'transparent huge pages: madvise'],
    ['always madvise [never]\n', 'ok', 'transparent huge pages: never'],
    ['', 'ok', 'transparent huge pages: none'],
  ])('huge pages: %j', (enabled, status, found) => {
    expect(hugePagesFinding(enabled)).toEqual({ status, found });
  });
});
