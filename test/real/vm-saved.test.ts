import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureClock } from '../../src/hosts/clock-offset.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import { missingForTestbed, missingForVms } from '../../vm/prerequisites.ts';
import { takeDown } from '../../vm/testbed-down.ts';
import { builtProgram } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { testSet } from '../test-set.ts';
import { machineTraces, newTraces } from './machine-traces.ts';

/** For `TRANSSHIP_FAULTS=all`: a state may have to be made first, and a CI run has six minutes for all virtual machines. */
const missing = process.env.TRANSSHIP_FAULTS === 'all' ? [...missingForTestbed(), ...missingForVms()] : ['TRANSSHIP_FAULTS=all'];

describe.skipIf(missing.length > 0)(`hosts from a saved state (${missing.join('; ')})`, () => {
  const set = testSet('vm-saved');
  const env = { TRANSSHIP_TESTBED: set, TRANSSHIP_PATIENCE: '5' };
  const testbed = (...words: readonly string[]) => builtProgram('src/cli/main.js', ['testbed', ...words], env, 590_000);
  beforeAll(() => takeDown(set));
  afterAll(() => takeDown(set));

  test('the same hosts go on, twice, with clocks that are right, and reach each other; nothing is left', async () => {
    const before = machineTraces(set);
    const keys: string[] = [];
    for (const _ of [1, 2]) {
      const up = await testbed('up', '--kind', 'vm', '--saved');
      expect(up.exitCode, up.stderr).toBe(0);
      const [, behindS] = /^a: its clock stood (-?\d+\.\d) s behind, and is set to within \d+\.\d ms$/m.exec(up.stderr) ?? [];
      expect(Number(behindS)).toBeGreaterThan(0);
      await using host = await connectHost('test:a', { env: { ...process.env, ...env } });
      const { offsetNs, boundNs } = await measureClock(host, 'before');
      expect(Math.abs(Number(offsetNs)) - Number(boundNs)).toBeLessThan(1e9);
      expect(await onHost(host, 'docker version >/dev/null && ssh root@10.77.0.3 hostname')).toBe('b');
      keys.push(await onHost(host, 'cat /etc/testbed/ssh_host_ed25519_key.pub; cat /etc/machine-id 2>/dev/null; true'));
      expect((await testbed('down')).exitCode).toBe(0);
    }
    expect(keys[0]).toBe(keys[1]);
    await expect.poll(() => newTraces(before, machineTraces(set)), { timeout: 20_000, interval: 200 }).toEqual([]);
  });
});
