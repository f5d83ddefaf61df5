import type { Host } from '../../hosts/host.ts';
import { compareVersions } from '../../hosts/version-order.ts';

/** criu/config.c knows `--network-lock skip` from here on. */
const skipsFrom = '3.19';

/**
 * How CRIU keeps packets from the container while it works. Where connections are closed anyway there is nothing to keep them from: the dump
 * cuts the link itself. Else nftables, as the default starts iptables-restore, 73 ms of it in the restore.
 */
export async function networkLock(host: Host, isTcpKept: boolean): Promise<'skip' | 'nftables'> {
  if (isTcpKept) return 'nftables';
  const { stdout } = await host.shell.run('criu --version');
  const version = /^Version: (\S+)/m.exec(stdout)?.[1] ?? '0';
  return compareVersions(version, skipsFrom) >= 0 ? 'skip' : 'nftables';
}
