import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/evidence/run-folder.ts';
import { debianMirror } from './apt-mirror.ts';
import { buildOnce, recipeHash } from './build-cache.ts';
import { cacheFolder } from './places.ts';
import { requireTestbed } from './prerequisites.ts';
import { leanOptions } from './rootfs.ts';
import { suites, workloadPackages } from './versions.ts';

export interface WorkloadImage {
  /** For `docker load`. */
  readonly file: string;
  /** `transship/workload:HASH`: what the archive's image is called. */
  readonly reference: string;
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * The image of the demo and of the tests: Redis with an optional ticker beside it (`TICKER=1`). Built once for
 * a recipe and kept as an archive, since test hosts reach no registry.
 * @throws TransshipError `not-ready`
 */
export async function workloadImage(say: (line: string) => void = () => {}): Promise<WorkloadImage> {
  requireTestbed();
  const { uri, aptOptions } = await debianMirror();
  const files = join(packageRoot(), 'vm/workload');
  const recipe = [
    '--mode=root',
    '--variant=essential',
    '--format=tar',
    `--include=${workloadPackages.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...leanOptions,
  ];
  const contents = readdirSync(files).map((name) => [name, readFileSync(join(files, name), 'utf8')]);
  const script = join(packageRoot(), 'vm/workload-image.sh');
  const hash = recipeHash([recipe, suites.stable, process.arch, contents, readFileSync(script, 'utf8')]);
  const file = join(cacheFolder, `workload-${hash}.tar`);
  const reference = `transship/workload:${hash}`;
  const hooks = ['install -m 755 "$WORKLOAD_FILES"/* "$1/usr/local/bin/"', 'rm -rf "$1/var/lib/apt/lists"'];
  const debian = [
    ...['mmdebstrap', ...recipe, ...aptOptions.map((option) => `--aptopt=${option}`)],
    ...hooks.map((hook) => `--customize-hook=${hook}`),
  ];
  const architecture = architectures[process.arch] ?? process.arch;
  const source = `deb ${uri} ${suites.stable} main`;
  const builder = ['env', `WORKLOAD_FILES=${files}`, 'sh', script, `${file}.partial`];
  const command = [...builder, architecture, reference, suites.stable, source, ...debian];
  await buildOnce({ target: file, command, what: 'the workload image', prefix: [], say });
  return { file, reference };
}
