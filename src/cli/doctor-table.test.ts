import { expect, test } from 'vitest';
import type { CheckResult } from '../hosts/check.ts';
import { doctorText } from './doctor-table.ts';

const row = (name: string, host: string, status: CheckResult['status'], found: string, peer?: string): CheckResult => ({
  ...{ name, host, status, found, why: `why ${name}`, hint: `do ${name}` },
  ...(peer === undefined ? {} : { peer }),
});

test('hosts stand side by side; below a row why it matters and what to do, once for hosts of one kind', async () => {
  const checks = [
    row('criu', 'a', 'ok', 'CRIU 4.2'),
    row('criu', 'b', 'fail', 'no criu in PATH'),
    row('dirty', 'a', 'warn', 'off'),
    row('dirty', 'b', 'warn', 'off'),
    row('ports', 'b', 'ok', 'tcp/80\u001b[2J free'),
    row('cgroup', 'a', 'fail', 'versions differ', 'b'),
  ];
  expect(await doctorText(['a', 'b'], checks)).toBe(
    [
      'CHECK  a            b',
      'criu   ok CRIU 4.2  fail no criu in PATH',
      '  b: why criu',
      '  hint: do criu',
      'dirty  warn off     warn off',
      '  a, b: why dirty',
      '  hint: do dirty',
      'ports  -            ok tcp/80\\x1b[2J free',
      '',
      'CHECK   BETWEEN  FOUND',
      'cgroup  a to b   fail versions differ',
      '  a: why cgroup',
      '  hint: do cgroup',
      '',
      'not ready: 2 of 6 checks failed, 2 warn',
    ].join('\n'),
  );
});

test('all well is one word', async () => {
  expect(await doctorText(['a'], [row('root', 'a', 'ok', 'yes')])).toBe('CHECK  a\nroot   ok yes\n\nready');
});
