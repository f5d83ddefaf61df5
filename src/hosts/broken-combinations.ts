import type { HostFacts } from '../evidence/manifest.ts';
import { compareVersions } from './version-order.ts';

interface Combination {
  readonly criuBefore: string;
  readonly kernelFrom: string;
  readonly what: string;
}

/** Each was met: CRIU 3.17.1, 4.1.1 and 4.2.1 on kernel 6.18. The first row that applies counts. */
const combinations: readonly Combination[] = [
  {
    criuBefore: '3.18',
    kernelFrom: '6.18',
    what: 'it cannot park the vDSO (criu check: "vdso: Unexpected rt vDSO area bounds")',
  },
  {
    criuBefore: '4.2',
    kernelFrom: '6.16',
    what: 'any INET socket fails the dump ("sockets: Can\'t get 1:16 opt: Operation not supported")',
  },
];

/** What is known to fail with this CRIU on this kernel; null when nothing is. */
export function knownBroken({ kernel, versions }: Pick<HostFacts, 'kernel' | 'versions'>): string | null {
  const { criu } = versions;
  if (kernel === null || criu === null) return null;
  const row = combinations.find(
    ({ criuBefore, kernelFrom }) => compareVersions(criu, criuBefore) < 0 && compareVersions(kernel, kernelFrom) >= 0,
  );
  return row === undefined ? null : `CRIU ${criu} on kernel ${kernel}: ${row.what}`;
}

/** What is known to fail on Docker's own path with this Docker; null when nothing is. Met with 28.5.2 and 29. */
export function dockerLimit({ docker }: Pick<HostFacts['versions'], 'docker'>): string | null {
  if (docker === null || compareVersions(docker, '28') < 0) return null;
  return `Docker ${docker} restores checkpoints on the host network only (containerd issue 12141)`;
}
