import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { TransshipError } from '../../error.ts';
import { damagedHint, readDocument } from '../../evidence/checked.ts';
import { criuFilesRecord } from '../../evidence/record-schemas.ts';
import { type ContainerConfig, isContainerConfig, readContainerConfig } from './container-config.ts';
import { firstBytes } from './file-chunks.ts';
import { decodeImage } from './image-file.ts';
import { type ImageSummary, type NamedImage, summariseImages } from './image-summary.ts';

/** The images of one folder, as the user calls it. */
export interface ImageFolder extends ImageSummary {
  readonly folder: string;
  readonly container: ContainerConfig | null;
}

/** An image is small but for the pages, which are none of these; a larger one is none of CRIU's. */
const mostImageBytes = 64 * 2 ** 20;

/** Reads `criu/images/N/` in the folder of a host's evidence. A damaged image is left out, with a warning that says where it is damaged. */
export function readImages(hostFolder: string): {
  readonly folders: readonly ImageFolder[];
  readonly warnings: readonly string[];
} {
  const root = join(hostFolder, 'criu/images');
  if (!existsSync(root)) return { folders: [], warnings: [] };
  const { files } = readDocument(join(hostFolder, 'criu/files.json'), criuFilesRecord, damagedHint);
  const warnings: string[] = [];
  const numbers = readdirSync(root).sort((a, b) => Number(a) - Number(b));
  const folders = numbers.map((number) => {
    const origin = (name: string) => files.find((file) => file.name === `images/${number}/${name}`)?.origin ?? name;
    const [configs, names] = partition(readdirSync(join(root, number)).sort());
    const container = configs.map((name) => readContainerConfig(readFileSync(join(root, number, name), 'utf8')))[0] ?? null;
    const images = names.flatMap((name): readonly NamedImage[] => {
      try {
        return [{ name, ...decodeImage(origin(name), firstBytes(join(root, number, name), mostImageBytes)) }];
      } catch (error) {
        if (!(error instanceof TransshipError)) throw error;
        warnings.push(`${error.message}: left out`);
        return [];
      }
    });
    const folder = posix.dirname(origin(names[0] ?? configs[0] ?? ''));
    return { folder, container, ...summariseImages(images) };
  });
  return { folders, warnings };
}

function partition(names: readonly string[]): readonly [configs: readonly string[], images: readonly string[]] {
  return [names.filter(isContainerConfig), names.filter((name) => !isContainerConfig(name))];
}
