import { TransshipError } from '../src/error.ts';
import type { HostVersions } from './testbed-state.ts';
import { hostSets, type PackageSet, packageSets } from './versions.ts';

export interface SetWish {
  readonly packages: PackageSet | undefined;
  /** `4.2`, `4.2.1`: the beginning of a version. */
  readonly criu: string | undefined;
  readonly docker: string | undefined;
}

/**
 * The first set that has what is wished for.
 * @throws TransshipError `usage` when none has
 */
export function chooseHostSet({ packages, criu, docker }: SetWish): PackageSet {
  const found = packageSets.find(
    (name) =>
      (packages === undefined || name === packages) && begins(hostSets[name].criu, criu) && begins(hostSets[name].docker, docker),
  );
  if (found !== undefined) return found;
  const wish = [packages && `--packages ${packages}`, criu && `CRIU ${criu}`, docker && `Docker ${docker}`].filter(Boolean);
  const all = packageSets.map((name) => `${name} (CRIU ${hostSets[name].criu}, Docker ${hostSets[name].docker})`);
  throw new TransshipError('usage', `no set of packages has ${wish.join(' and ')}`, `there are ${all.join(', ')}`);
}

/** @throws TransshipError `usage` for a set whose hosts cannot be in namespaces */
export function refuseWithoutVm(packages: PackageSet): void {
  if (hostSets[packages].init !== 'systemd') return;
  throw new TransshipError(
    'usage',
    `--packages ${packages}: its hosts boot systemd with AppArmor, which needs a kernel of their own`,
    'add --kind vm',
  );
}

function begins(version: string, wished: string | undefined): boolean {
  return wished === undefined || `${version}.`.startsWith(`${wished}.`);
}

/** @throws TransshipError `not-ready` when the packages that the mirror had are of other versions than was asked for */
export function refuseOtherVersions(has: Omit<HostVersions, 'kernel'>, { criu, docker }: Pick<SetWish, 'criu' | 'docker'>): void {
  const asked = [
    ['CRIU', has.criu, criu],
    ['Docker', has.docker, docker],
  ] as const;
  const other = asked.find(([, version, wished]) => !begins(version, wished));
  if (other === undefined) return;
  const [name, version, wished] = other;
  throw new TransshipError(
    'not-ready',
    `${name} ${wished} is gone from the mirror: the hosts would have ${version}`,
    `ask for ${version}, or build it and put it there: transship testbed sync`,
  );
}
