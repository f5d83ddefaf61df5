import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';

/** A Debian archive, and the apt options that this machine needs to reach it. */
export interface AptMirror {
  readonly uri: string;
  /** Lines of apt.conf: proxy, certificates and date checks as the machine has them. */
  readonly aptOptions: readonly string[];
}

const debianSuites = ['bookworm', 'trixie', 'forky', 'oldstable', 'stable', 'testing', 'unstable', 'sid', 'bullseye'];

/**
 * The archive that this machine's own apt takes Debian from. apt itself reads its sources, so both formats
 * (`.list` and deb822 `.sources`) and every option are understood. `$TRANSSHIP_DEBIAN_MIRROR` goes first.
 * @param aptArguments put before the subcommand, e.g. `-o Dir::Etc::sourcelist=FILE`
 * @throws TransshipError `not-ready` when no source is a Debian archive.
 */
export async function debianMirror(aptArguments: readonly string[] = []): Promise<AptMirror> {
  const aptOptions = await acquireOptions(aptArguments);
  const own = process.env.TRANSSHIP_DEBIAN_MIRROR;
  if (own) return { uri: own, aptOptions };
  // prints where it would look, and fetches nothing; `indextargets` knows only what was fetched before
  const { stdout } = await execa('apt-get', [...aptArguments, '--print-uris', 'update'], { timeout: 30_000 });
  const archives = [...stdout.matchAll(/^'(.+?)\/+dists\/([^/']+)\/InRelease'/gm)]
    .map(([, uri, release]) => ({ uri: uri as string, order: rank(release as string) }))
    .filter(({ order }) => order < Number.POSITIVE_INFINITY)
    .sort((one, other) => one.order - other.order);
  const uri = archives[0]?.uri;
  if (uri === undefined)
    throw new TransshipError(
      'not-ready',
      "apt's sources: none of them is a Debian archive",
      'set TRANSSHIP_DEBIAN_MIRROR to the address of a Debian mirror',
    );
  return { uri, aptOptions };
}

/** The machine's own release first; then any other of Debian. Updates and security archives are other trees. */
function rank(release: string): number {
  if (debianSuites.includes(release)) return release === ownCodename() ? -1 : debianSuites.indexOf(release);
  return Number.POSITIVE_INFINITY;
}

function ownCodename(): string | undefined {
  return /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
}

async function acquireOptions(aptArguments: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa('apt-config', [...aptArguments, 'dump', 'Acquire']);
  const wanted =
    /^Acquire::(?:https?::(?:Proxy|CaInfo|CaPath|Verify-|SslCert|SslKey|ProxyAutoDetect|Proxy-Auto-Detect)|Check-).*"[^"]+";$/i;
  const dated = 'Acquire::Check-Valid-Until "false";'; // testing's Release file may be past its date on a mirror that lags
  return [...new Set([...stdout.split('\n').filter((line) => wanted.test(line)), dated])];
}
