import { afterAll, beforeAll, describe } from 'vitest';
import type { CgroupMode } from '../vm/cgroup.ts';
import { missingForTestbed } from '../vm/prerequisites.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';
import { connectHost } from '../src/hosts/connect.ts';
import type { Host } from '../src/hosts/host.ts';

export interface TwoHosts {
  readonly a: Host;
  readonly b: Host;
}

/**
 * Tests on a set of real Docker hosts of their own, taken down afterwards. Where no hosts can be, they are skipped, with the
 * reason in their name; in CI a skip is a failure (closing-line.ts).
 */
export function describeOnHosts(name: string, set: string, tests: (hosts: () => TwoHosts) => void, cgroup: CgroupMode = 'v2'): void {
  const missing = missingForTestbed();
  if (missing.length > 0) {
    describe.skip(`${name} (needs test hosts: ${missing.join('; ')})`, () => tests(() => { throw new Error('skipped'); }));
    return;
  }
  describe(name, () => {
    let hosts: TwoHosts | null = null;
    const before = process.env.TRANSSHIP_TESTBED;
    beforeAll(async () => {
      process.env.TRANSSHIP_TESTBED = set;
      await bringUp({ set, cgroup, say: () => {}, signal: new AbortController().signal });
      hosts = { a: await connectHost('test:a'), b: await connectHost('test:b') };
    }, 600_000);
    afterAll(async () => {
      await hosts?.a[Symbol.asyncDispose]();
      await hosts?.b[Symbol.asyncDispose]();
      await takeDown(set);
      if (before === undefined) delete process.env.TRANSSHIP_TESTBED;
      else process.env.TRANSSHIP_TESTBED = before;
    }, 120_000);
    tests(() => {
      if (hosts === null) throw new Error('the hosts did not come up');
      return hosts;
    });
  });
}
