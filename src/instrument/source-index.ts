import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecaError, execa } from 'execa';
import { debianMirror } from '../../vm/apt-mirror.ts';
import { type SourceSet, suites } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';

/** A file of a Debian source package, as the signed index (`Sources`) names it. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** apt with an index of sources of its own: the machine's own lists and sources stay as they are, and it needs no root. */
export interface SourceIndex {
  readonly suite: string;
  filesOf(packageName: string): Promise<readonly SourceFile[]>;
  /** Leaves what the mirror has in `folder`; what it lacks is missing there afterwards. */
  download(packageName: string, folder: string): Promise<void>;
}

const updateLimitMs = 180_000;
const downloadLimitMs = 300_000;
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * @param folder an empty one, for apt's lists
 * @throws TransshipError `not-ready` when the mirror's index cannot be read
 */
export async function openSourceIndex(set: SourceSet, folder: string): Promise<SourceIndex> {
  const { uri, aptOptions } = await debianMirror();
  const suite = set === 'testing' ? suites.testing : suites.stable;
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, name), { recursive: true });
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  writeFileSync(join(folder, 'sources.list'), `deb-src ${signed}${uri} ${suite} main\n`);
  const config = join(folder, 'apt.conf');
  writeFileSync(config, [...aptOptions, ...ownFolders(folder)].join('\n'));
  await apt(['-c', config, 'update'], { what: `the index of Debian's ${suite}`, timeoutMs: updateLimitMs, cwd: folder });
  return {
    suite,
    filesOf: async (name) => {
      const what = `source package ${name}`;
      const listed = await apt(['-c', config, 'source', '--print-uris', name], { what, timeoutMs: 30_000, cwd: folder });
      return parsePrintedUris(listed);
    },
    download: async (name, into) => {
      // status 100 when a single file is missing (mirrors lack some .dsc); the others are there all the same, and checked by their sums
      const words = ['-c', config, 'source', '--download-only', name];
      await execa('apt-get', words, { cwd: into, reject: false, timeout: downloadLimitMs, stdin: 'ignore' });
    },
  };
}

function ownFolders(folder: string): readonly string[] {
  return [
    `Dir::State "${folder}";`,
    `Dir::State::lists "${folder}/lists";`,
    `Dir::State::status "/dev/null";`,
    `Dir::Cache "${folder}/cache";`,
    `Dir::Etc::sourcelist "${folder}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Acquire::Languages "none";',
    'APT::Sandbox::User "root";',
  ];
}

/** Lines `'URI' NAME BYTES SHA256:SUM`, which is what `apt-get source --print-uris` prints of the index. */
export function parsePrintedUris(text: string): readonly SourceFile[] {
  return [...text.matchAll(/^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})$/gm)].map(([, name = '', bytes, sha256 = '']) => ({
    name,
    bytes: Number(bytes),
    sha256,
  }));
}

interface Asked {
  readonly what: string;
  readonly timeoutMs: number;
  readonly cwd: string;
}

async function apt(words: readonly string[], { what, timeoutMs, cwd }: Asked): Promise<string> {
  try {
    return (await execa('apt-get', words, { cwd, timeout: timeoutMs, stdin: 'ignore' })).stdout;
  } catch (cause) {
    const { code, stderr } = cause as ExecaError;
    const line = String(stderr ?? '')
      .split('\n')
      .find((each) => each.startsWith('E: '));
    const why = code === 'ENOENT' ? 'there is no apt-get here' : (line?.slice(3) ?? (cause as ExecaError).shortMessage);
    const hint =
      code === 'ENOENT'
        ? 'a checkout of the project serves as well: --tree DIR'
        : 'is the Debian mirror reachable? try: apt-get update';
    throw new TransshipError('not-ready', `${what}: ${why}`, hint, { cause });
  }
}
