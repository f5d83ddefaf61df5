import type { Host } from '../../hosts/host.ts';

/** By `criu check --feature`, so that kernel and CRIU have it both; null where there is no criu to ask. */
export interface Features {
  /** Pages on demand (userfaultfd): post-copy. */
  readonly hasLazyPages: boolean | null;
  /** Soft-dirty bits: which pages were written since a first copy. */
  readonly hasSoftDirty: boolean | null;
  /** Without it the network is locked by iptables, some 70 ms more in the restore. */
  readonly hasNftablesLock: boolean | null;
}

const names = {
  hasLazyPages: 'uffd-noncoop',
  hasSoftDirty: 'mem_dirty_track',
  hasNftablesLock: 'network_lock_nftables',
} as const;

export async function readFeatures(host: Host): Promise<Features> {
  const asked = Object.values(names).join(' ');
  const script = `command -v criu >/dev/null && for f in ${asked}; do criu check --feature $f >/dev/null 2>&1; echo "$f $?"; done`;
  const { stdout } = await host.shell.run(script);
  const has = (name: string) => {
    const status = new RegExp(`^${name} (\\d+)$`, 'm').exec(stdout)?.[1];
    return status === undefined ? null : status === '0';
  };
  return {
    hasLazyPages: has(names.hasLazyPages),
    hasSoftDirty: has(names.hasSoftDirty),
    hasNftablesLock: has(names.hasNftablesLock),
  };
}
