import type { Host } from '../hosts/host.ts';
import { runcRootOf } from './live-copy.ts';
import type { StepDetail } from './step.ts';

/** How a container is tied to the network of its host. */
export interface SourceLinks {
  /** The host's ends of its veth pairs: down, nothing reaches the container, and its own routes stay. */
  readonly links: readonly string[];
  /** Its own macvlan links: they are cut within its network namespace. */
  readonly lanLinks: readonly string[];
  readonly pid: number;
  /** Links that cannot be cut either way. */
  readonly otherLinks: readonly string[];
}

/** Shell text that prints a line for each link of `$pid`; nothing on the network of the host. `eth0@if12`: the peer has number 12 in the host's namespace. Without @if it has none there. */
export const printLinks = `
[ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ] || exit 0
lan=$(nsenter -t $pid -n ip -o link show type macvlan | sed -n 's/^[0-9]*: \\([^@:]*\\)@.*/\\1/p')
nsenter -t $pid -n ip -o link show | sed -n 's/^[0-9]*: \\([^@:]*\\)@if\\([0-9]*\\): .*/\\1 \\2/p' | while read -r name number; do
  peer=$(ip -o link show type veth | sed -n "s/^$number: \\([^@:]*\\).*/\\1/p")
  if printf '%s\\n' "$lan" | grep -qx "$name"; then echo "lan $name"
  elif [ -n "$peer" ]; then echo "link $peer"
  else echo "other $name"; fi
done
exit 0`;

export function linksIn(printed: string, pid: number): SourceLinks {
  return { links: valuesOf(printed, 'link'), lanLinks: valuesOf(printed, 'lan'), pid, otherLinks: valuesOf(printed, 'other') };
}

/** What stands behind a word at the beginning of lines. */
export function valuesOf(printed: string, word: string): readonly string[] {
  return [...printed.matchAll(new RegExp(`^${word} (.+)$`, 'gm'))].map((match) => match[1] ?? '');
}

/** Reads only; also while the container is frozen. Null: runc does not know it (another runtime has it). */
export async function readLinks(host: Host, id: string): Promise<SourceLinks | null> {
  const pid = `pid=$(runc --root ${runcRootOf(id)} state ${id} | sed -n 's/^ *"pid": \\([0-9]*\\),*$/\\1/p'); [ "\${pid:-0}" != 0 ] || exit`;
  const { exitCode, stdout } = await host.shell.run(`${pid}; echo "pid $pid"; ${printLinks}`, { timeoutMs: 10_000 });
  const [found] = valuesOf(stdout, 'pid');
  return exitCode === 0 && found !== undefined ? linksIn(stdout, Number(found)) : null;
}

/** Commands, one a link. A link that is down loses its routes, one without a carrier keeps them. */
export function cutLinks({ links, lanLinks, pid }: SourceLinks): readonly string[] {
  return [
    ...links.map((link) => `ip link set dev ${link} down`),
    ...lanLinks.map((link) => `nsenter -t ${pid} -n ip link set dev ${link} protodown on`),
  ];
}

export function joinLinks({ links, lanLinks, pid }: SourceLinks): readonly string[] {
  return [
    ...links.map((link) => `ip link set dev ${link} up`),
    ...lanLinks.map((link) => `nsenter -t ${pid} -n ip link set dev ${link} protodown off`),
  ];
}

/** For the journal, where a recovery reads them again; null: there is none that could be cut. */
export function detailOfLinks({ links, lanLinks, pid }: SourceLinks): StepDetail | undefined {
  if (links.length + lanLinks.length === 0) return undefined;
  return { cut: links.join(' '), ...(lanLinks.length === 0 ? {} : { cutInside: lanLinks.join(' '), pid }) };
}

export function linksOfDetail(detail: StepDetail | undefined): SourceLinks | null {
  if (detail?.cut === undefined) return null;
  const words = (text: StepDetail[string] | undefined) =>
    String(text ?? '')
      .split(' ')
      .filter((word) => word !== '');
  return { links: words(detail.cut), lanLinks: words(detail.cutInside), pid: Number(detail.pid ?? 0), otherLinks: [] };
}
