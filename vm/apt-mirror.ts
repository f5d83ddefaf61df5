import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';

/** A Debian archive, and the apt options that this machine needs to reach it. */
export interface AptMirror {
  readonly uri: string;
  /** `[trusted=yes]` where the machine's own source says so; else empty. */
  readonly sourceOptions: string;
  /** Lines of apt.conf: proxy, certificates and date checks as the machine has them. */
  readonly aptOptions: readonly string[];
}

const debianSuites = ['bookworm', 'trixie', 'forky', 'oldstable', 'stable', 'testing', 'unstable', 'sid', 'bullseye'];

/**
 * The archive that this machine's own apt takes Debian from. apt itself reads its sources, so both formats
 * (`.list` and deb822 `.sources`) and every option are understood. `$TRANSSHIP_DEBIAN_MIRROR` goes first.
 * @param aptArguments put before the subcommand, e.g. `-o Dir::Etc::sourcelist=FILE`
 * @throws TransshipError `not-ready` when no source holds Debian's main.
 */
export async function debianMirror(aptArguments: readonly string[] = []): Promise<AptMirror> {
  const aptOptions = await acquireOptions(aptArguments);
  const own = process.env.TRANSSHIP_DEBIAN_MIRROR;
  if (own) return { uri: own, sourceOptions: '', aptOptions };
  const format = '$(RELEASE)\t$(COMPONENT)\t$(REPO_URI)\t$(TRUSTED)';
  const { stdout } = await execa('apt-get', [...aptArguments, 'indextargets', '--format', format, 'Created-By: Packages']);
  const found = stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([release, component]) => component === 'main' && rank(release ?? '') < Number.POSITIVE_INFINITY)
    .sort(([a], [b]) => rank(a ?? '') - rank(b ?? ''))[0];
  if (found?.[2] === undefined)
    throw new TransshipError(
      'not-ready',
      "apt's sources: none of them is a Debian archive with its component main",
      'set TRANSSHIP_DEBIAN_MIRROR to the address of a Debian mirror',
    );
  return { uri: found[2].replace(/\/$/, ''), sourceOptions: found[3] === 'yes' ? '[trusted=yes] ' : '', aptOptions };
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
