import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TransshipError } from '../error.ts';
import { downloadModule } from './go-download.ts';
import type { ComponentModule } from './source-packages.ts';
import { unpackTool } from './unpack-tool.ts';
import { type VendoredModule, vendoredModule } from './vendored-module.ts';

/** A component that neither the mirror nor Go's proxy gave. */
export interface Lacking {
  readonly component: string;
  /** Cannot be built without. */
  readonly program: string;
  readonly why: string;
  readonly hint: string;
}

/**
 * Lays a component that the mirror lacks into an unpacked package, as the Go module of which Debian made it.
 * @returns what was taken from where
 * @throws TransshipError `input`: its sum is not vendor.sum's; `not-ready`: it cannot be had
 */
export async function takeModule({ component, module, vendoredBy }: ComponentModule, package_: string): Promise<string> {
  const named = vendoredModule(join(package_, vendoredBy), module);
  const { folder, sum } = await downloadModule(module, named.version);
  refuseOther(module, named, sum);
  await unpackTool('cp', ['-R', '--no-preserve=mode', folder, join(package_, component)], package_);
  return `${module} ${named.version}, which ${vendoredBy}/vendor.mod names, by this machine's Go and its GOPROXY; its sum is that in ${vendoredBy}/vendor.sum (${sum})`;
}

function refuseOther(module: string, { version, sum }: VendoredModule, found: string): void {
  if (found === sum) return;
  throw new TransshipError(
    'input',
    `${module}@${version}: its sum is ${found}, vendor.sum says ${sum}`,
    'this GOPROXY gives another module of that name: set another, go clean -modcache, and fetch again',
  );
}

/**
 * A module comes without what it vendors itself, and Debian has no package of some of that (fsutil, go-csvvalue). Below the vendor folder of
 * the tree that names it, it finds them.
 */
export function placeModule({ component, module, vendoredBy }: ComponentModule, package_: string): void {
  const to = join(package_, vendoredBy, 'vendor', module);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(dirname(to), { recursive: true });
  renameSync(join(package_, component), to);
}
