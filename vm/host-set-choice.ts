import { TransshipError } from '../src/error.ts';
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

function begins(version: string, wished: string | undefined): boolean {
  return wished === undefined || `${version}.`.startsWith(`${wished}.`);
}
