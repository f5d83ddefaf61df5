import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from './places.ts';
import type { Init } from './versions.ts';

/** What `testbed up` leaves for those who want to reach its hosts. Written last, so that it names only what is up. */
export interface TestbedState {
  readonly set: string;
  readonly folder: string;
  /** For `ssh -F`: a `Host` entry for each test host, with its key, known_hosts and the way to it. */
  readonly sshConfig: string;
  /**
   * The network namespace of the bridge: clients and probes enter it to reach the hosts (`nsenter --net=`). Null for a user's set: its wire is
   * between the machines alone.
   */
  readonly wireNamespace: string | null;
  /** `vm`: each host is a virtual machine. */
  readonly kind: 'namespaces' | 'vm';
  /** The set of packages that they are made of, by its name. */
  readonly packages: string;
  /** `systemd`: with AppArmor, which Docker uses there. */
  readonly init: Init;
  /** What the hosts are made of, by their packages; the kernel as `uname -r` says it. */
  readonly versions: HostVersions;
  /** What runs the virtual machines' code; null for hosts in namespaces. */
  readonly accelerator: 'kvm' | 'tcg' | null;
  /** `v1`: this machine's controllers are bound into the hosts, for tests of limits. */
  readonly cgroup: 'v1' | 'v2';
  readonly hosts: readonly TestHost[];
}

export interface HostVersions {
  readonly kernel: string;
  readonly criu: string;
  readonly docker: string;
  readonly containerd: string;
  readonly runc: string;
}

export interface TestHost {
  readonly name: string;
  /** Its address on the wire. */
  readonly address: string;
  /** Of its first process, in the machine's own pid namespace; of QEMU, when it is a virtual machine. */
  readonly initPid: number;
  /** When that process began, in clock ticks since boot (field 22 of /proc/PID/stat): tells it from a later one of the same pid. */
  readonly initStart: string;
  /** Folders of the cgroups (v2 first) that whatever enters the host from outside joins, so that it ends with the host. */
  readonly initGroups: readonly string[];
}

/** Several sets can live side by side: `$TRANSSHIP_TESTBED` names the one that is meant. */
export function testbedSet(env: NodeJS.ProcessEnv = process.env): string {
  return env.TRANSSHIP_TESTBED ?? 'default';
}

export function testbedFolder(set: string = testbedSet()): string {
  return runFolder(set);
}

/** The testbed that is up; null when there is none. */
export function readTestbed(set: string = testbedSet()): TestbedState | null {
  const file = join(testbedFolder(set), 'testbed.json');
  if (!existsSync(file)) return null;
  return JSON.parse(readFileSync(file, 'utf8')) as TestbedState;
}
