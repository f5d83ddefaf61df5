import { type Check, type CheckResult, hasPageChannel, ok, runChecks } from '../../hosts/check.ts';
import type { Host } from '../../hosts/host.ts';
import { sshOnce } from '../../hosts/peer-ssh.ts';
import type { MoveOptions } from '../plan.ts';
import type { StrategyName } from '../strategies/names.ts';
import type { Way } from '../whole/route.ts';
import { tryChannel } from './knock.ts';
import { type DirectKind, isByFile, isLazy } from './state.ts';

interface PageChannelRequest {
  readonly source: Host;
  readonly destination: Host;
  readonly options: Pick<MoveOptions, 'strategy' | 'pagePort'>;
  /** What was found between the hosts before: without ssh, nobody tells by which addresses they see each other. */
  readonly checks: readonly CheckResult[];
}

/** For `doctor`: knocks as `migrate` does, one row for each way. Nothing of it stays on the hosts. */
export async function checkPageChannel(request: PageChannelRequest): Promise<readonly CheckResult[]> {
  const { source, destination, options } = request;
  const way = wayOf(request);
  const rows: CheckResult[] = [];
  const kinds = waysOf(options.strategy);
  // one after the other: a host's shell does one thing at a time, and would call only when it has listened in vain
  for (const kind of way.ssh === null ? kinds.slice(0, 1) : kinds) {
    const [caller, listener] = isLazy(kind) ? [destination, source] : [source, destination];
    const found = await runChecks([channelCheck(kind, listener)], { way, pagePort: options.pagePort }, caller.name);
    rows.push(...found.map((row) => ({ ...row, peer: listener.name, status: statusOf(row, options.strategy) })));
  }
  return rows;
}

/** In which directions it is tried: Docker's own path needs none, and is looked over with both that the others have. */
function waysOf(strategy: StrategyName): readonly DirectKind[] {
  if (strategy === 'docker') return ['diskless', 'post-copy'];
  return isByFile(strategy) ? [] : [strategy];
}

function statusOf({ status }: CheckResult, strategy: StrategyName): CheckResult['status'] {
  return status === 'fail' && !hasPageChannel({ strategy }) ? 'warn' : status;
}

function channelCheck(
  kind: DirectKind,
  listener: Host,
): Check<{ readonly way: Way; readonly pagePort: MoveOptions['pagePort'] }> {
  return {
    name: 'page-channel',
    why: `${isLazy(kind) ? 'post-copy and hybrid fetch' : 'diskless sends'} the memory by a TCP port of its own, beside ssh`,
    hint: 'nothing to do',
    probe: async ({ way, pagePort }) => {
      const channel = await tryChannel(way, { strategy: kind, ...(pagePort === undefined ? {} : { pagePort }) });
      if (channel === null) return null;
      const address = isLazy(kind) ? channel.source : channel.destination;
      return ok(`gets through to ${listener.name} at ${address} port ${channel.port}`);
    },
  };
}

function wayOf({ source, destination, checks }: PageChannelRequest): Way {
  const isReached = checks.some((row) => row.name === 'reach' && row.peer === destination.name && row.status === 'ok');
  const words = destination.sshFromPeer;
  if (words === null || !isReached) return { source, destination, ssh: null, reason: 'the check reach says why' };
  return { source, destination, ssh: sshOnce(words), reason: null };
}
