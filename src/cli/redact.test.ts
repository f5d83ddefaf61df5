import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test.each([
  ["Can't open file run/datafile: No such file", "Can't open file <path-1>: No such file"],
  [
    '(criu/files-reg.c:2353) at /var/lib/x/y.sock, again /var/lib/x/y.sock.',
    '(criu/files-reg.c:2353) at <path-1>, again <path-1>.',
  ],
  ['src_addr 127.0.0.1 port 7799, peer 10.1.2.3:80', 'src_addr <ip-1> port 7799, peer <ip-2>:80'],
  ['from fe80::1:2ff:fe03:4 and ::1', 'from <ip-1> and <ip-2>'],
  ['link 02:42:ac:11:00:02', 'link <mac-1>'],
  ['env PATH=/usr/bin:/bin DB_PASSWORD="a b"', 'env <env-1> <env-2>'],
  ['Running on node-a Linux 6.1, node-a again', 'Running on <name-1> Linux 6.1, <name-1> again'],
  ['run id = 3a0f5d2e-1111-4222-8333-444455556666', 'run id = <uuid-1>'],
  [`container ${'ab'.repeat(32)}`, 'container <id-1>'],
  ['(00.001673)    397: Shrunk premap area to 0x7f00e8ebd000(0)', '(00.001673)    397: Shrunk premap area to 0x7f00e8ebd000(0)'],
  ['133 fdinfo 3: flags: 0100002/01', '133 fdinfo 3: flags: 0100002/01'],
  ['Version: 4.1.1 (gitid 0), 12:34', 'Version: 4.1.1 (gitid 0), 12:34'],
])('%j', (text, expected) => {
  expect(redact(text, ['node-a'])).toBe(expected);
});

test('nothing is left of what was named', () => {
  const secrets = ['10.20.30.40', '/home/me/secret', 'TOKEN=abc123'];
  const out = redact(`a ${secrets.join(' b ')} c\n${secrets.join('\n')}`);
  for (const secret of secrets) expect(out).not.toContain(secret);
});
