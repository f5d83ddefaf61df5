import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { restoreFolder, stageFolder } from '../direct/stage.ts';
import { isQuiet, runcStatus } from '../live-copy.ts';
import type { Move } from '../step.ts';
import type { CopyState, HostsSay } from './decide.ts';

/** What was begun on a host goes on there without its controller; longer than this it is not waited for. */
const settleLimitS = 120;

/** Asks both hosts, once what was under way on them has come to its end. Never throws. */
export async function askHosts(move: Move): Promise<HostsSay> {
  const { plan, source, destination, found } = move;
  const isGoSaid = found.direct === null ? null : await isGoSaidBy(move);
  const there = found.destinationId;
  if (there !== null && isGoSaid !== false) {
    const receiving = receivingHere(plan.checkpoint, there);
    await isQuiet(destination, `pgrep -f -- '${receiving}'`, settleLimitS).catch(() => {}); // whoever does not answer is asked once more
  }
  return {
    isGoSaid,
    source: await stateOf(source, plan.container.id),
    destination: there === null ? 'none' : await stateOf(destination, there),
  };
}

/** The scripts that wait for the word and restore, and runc and CRIU on the container; no shim, which lives as long as it. */
function receivingHere(checkpoint: string, id: string): string {
  const scripts = `receive ${stageFolder(checkpoint)}|restore ${restoreFolder}/${id}`;
  return `${scripts}|runc .*(create|start|restore) .*${id}|criu .*${id}`;
}

/** The folder `decided` is made by the dump that says go, or by whoever gives up, who leaves his mark beside it. */
async function isGoSaidBy({ source, found }: Move): Promise<boolean | null> {
  const folder = quoteWord(found.direct?.folder ?? '');
  const script = `cd ${folder} 2>/dev/null || exit 3; [ -e decided ] && [ ! -e given-up ]`;
  const asked = await source.shell.run(script, { timeoutMs: 10_000 }).catch(() => null);
  return asked === null || asked.exitCode === 3 ? null : asked.exitCode === 0;
}

async function stateOf(host: Host, id: string): Promise<CopyState> {
  const status = await runcStatus(host, id).catch(() => 'unknown' as const);
  if (status === 'unknown') return status;
  if (status === 'running') return 'runs';
  return status === 'paused' ? 'frozen' : 'none';
}
