import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { connectHost } from '../src/hosts/connect.ts';
import type { Host } from '../src/hosts/host.ts';
import type { CgroupMode } from '../vm/cgroup.ts';
import { missingForTestbed, missingForVms } from '../vm/prerequisites.ts';
import type { VmOptions } from '../vm/qemu/vm-hosts.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';
import type { PackageSet } from '../vm/versions.ts';
import { removeOfFirstTry } from './second-try.ts';
import { testSet } from './test-set.ts';

export interface TwoHosts {
  readonly a: Host;
  readonly b: Host;
}

interface HostOptions {
  readonly cgroup?: CgroupMode;
  readonly packages?: PackageSet;
  /** Debian packages besides those of every host. */
  readonly extra?: readonly string[];
  /** In virtual machines. */
  readonly vm?: VmOptions;
  /** How often one that fails is played again. */
  readonly retry?: number;
}

const given = ['TRANSSHIP_TESTBED', 'TRANSSHIP_TRACES', 'TRANSSHIP_PATIENCE'] as const;

/**
 * Tests on a set of real Docker hosts of their own, taken down afterwards; runs lie in a folder that goes with them. Where no hosts
 * can be, they are skipped, with the reason in their name; in CI a skip is a failure (closing-line.ts). One that fails is played once more, as a real daemon on a busy machine may
 * fail by itself, and the reason is told (closing-line.ts).
 */
export function describeOnHosts(
  name: string,
  setName: string,
  tests: (hosts: () => TwoHosts) => void,
  { cgroup = 'v2', packages = 'debian13', extra = [], vm, retry = 1 }: HostOptions = {},
): void {
  const set = testSet(setName);
  const missing = [...missingForTestbed(), ...(vm === undefined ? [] : missingForVms())];
  const noHosts = (why: string) => (): TwoHosts => {
    throw new Error(why);
  };
  if (missing.length > 0) {
    describe.skip(`${name} (needs test hosts: ${missing.join('; ')})`, () => tests(noHosts('skipped')));
    return;
  }
  describe(name, { retry }, () => {
    let hosts: TwoHosts | null = null;
    const before = given.map((key) => [key, process.env[key]] as const);
    beforeAll(
      async () => {
        process.env.TRANSSHIP_TESTBED = set;
        process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-runs-'));
        if (vm !== undefined) process.env.TRANSSHIP_PATIENCE ??= '5';
        await bringUp({
          set,
          cgroup,
          packages,
          extra,
          ...(vm === undefined ? {} : { vm }),
          say: () => {},
          signal: new AbortController().signal,
        });
        hosts = { a: await connectHost('test:a'), b: await connectHost('test:b') };
      },
      vm === undefined ? 600_000 : 1_200_000,
    );
    afterAll(async () => {
      await hosts?.a[Symbol.asyncDispose]();
      await hosts?.b[Symbol.asyncDispose]();
      await takeDown(set);
      rmSync(process.env.TRANSSHIP_TRACES ?? '', { recursive: true, force: true });
      for (const [key, value] of before) {
        if (value === undefined) delete process.env[key];
        else process.env[key] = value;
      }
    }, 120_000);
    removeOfFirstTry(() => hosts);
    tests(() => hosts ?? noHosts('the hosts did not come up')());
  });
}

/** For tests whose subject is that nothing is ever lost: what fails once in a hundred plays is what they look for, and is played no second time. */
export function describeOnce(...[name, setName, tests, options]: Parameters<typeof describeOnHosts>): void {
  describeOnHosts(name, setName, tests, { ...options, retry: 0 });
}
