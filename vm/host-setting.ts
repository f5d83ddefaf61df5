import type { Ground } from './ground.ts';
import type { HostPlan } from './host-layer.ts';
import type { TestHost } from './testbed-state.ts';
import type { PackageSet } from './versions.ts';

/** What hosts are made from, whatever their kind. */
export interface HostSetting {
  readonly set: string;
  /** The set's folder, with its wire. */
  readonly folder: string;
  readonly ground: Ground;
  readonly packages: PackageSet;
  /** Debian packages besides those of every host. */
  readonly extra: readonly string[];
  readonly say: (line: string) => void;
}

/** Makes hosts of one kind; what they have in common is built already. */
export interface Maker {
  readonly tree: string;
  /** Their kernel's release, as `uname -r` says it. */
  readonly kernel: string;
  /** What runs a virtual machine's code; null for hosts in namespaces. */
  readonly accelerator: 'kvm' | 'tcg' | null;
  /**
   * Starts the host, whose layer is filled, and waits until its Docker answers.
   * @throws TransshipError `failed`
   */
  start(plan: HostPlan): Promise<TestHost>;
  /**
   * Told of all hosts, whose layers are filled, before they have keys.
   * @returns whether they go on from a state in which they reached each other
   */
  prepare?(plans: readonly HostPlan[]): Promise<boolean>;
  /** Told when all are up; as they are from then on. */
  settle?(hosts: readonly TestHost[]): Promise<readonly TestHost[]>;
}
