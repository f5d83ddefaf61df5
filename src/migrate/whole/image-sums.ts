import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';

/** CRC-32 and size of every file below a folder, by its name there. */
export type ImageSums = ReadonlyMap<string, string>;

/** cksum(1) takes 0.3 s of processor time a gigabyte where it uses the processor's instructions for it (coreutils 9), and longer elsewhere. */
const limitMs = 600_000;

/**
 * Sums of CRIU's images, as they lie there now. By cksum(1): it is on every host, as fast as memory is read, and no single wrong byte gets past a CRC.
 * @param ids the container's id, and what stands for it on the other host: `cgroup.img` is taken as it has to be there
 * @returns null when the host cannot say
 */
export async function imageSums(
  host: Host,
  folder: string,
  ids: { readonly from: string; readonly to: string } | null,
): Promise<ImageSums | null> {
  const cgroups = ids === null ? 'cat cgroup.img' : `LC_ALL=C sed ${quoteWord(`s/${ids.from}/${ids.to}/g`)} cgroup.img`;
  const script = `cd ${quoteWord(folder)} && find . -type f ! -path ./cgroup.img -exec cksum {} + &&
    { [ ! -f cgroup.img ] || echo "$(${cgroups} | cksum) ./cgroup.img"; }`;
  const asked = await host.shell.run(script, { timeoutMs: limitMs }).catch(() => null); // a host that is gone fails where it is needed
  return asked?.exitCode === 0 ? readSums(asked.stdout) : null;
}

/** Lines `CRC SIZE ./NAME`. */
export function readSums(lines: string): ImageSums {
  return new Map(
    lines
      .split('\n')
      .map((line) => /^(\d+ \d+) \.\/(.+)$/.exec(line))
      .flatMap((match) => (match === null ? [] : [[match[2] ?? '', match[1] ?? ''] as const])),
  );
}

/** Names of images that are not there what they are here, or not there at all. What is there alone came another way: by CRIU's page server. */
export function changedImages(here: ImageSums, there: ImageSums): readonly string[] {
  return [...here].filter(([name, sum]) => there.get(name) !== sum).map(([name]) => name);
}

export function comparedBytes(sums: ImageSums): number {
  return [...sums.values()].reduce((bytes, sum) => bytes + Number(sum.split(' ')[1]), 0);
}
