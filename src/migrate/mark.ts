import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import type { Ns } from '../trace/time.ts';
import { bounded } from './bounded.ts';
import { dockerRootFolder } from './whole/docker-root.ts';

/** What is on a host before anything is done, so that afterwards only the run's own part is taken. */
export interface Mark {
  readonly stage: string | null;
  /** CRIU's work folder; null: its logs are kept nowhere on success. */
  readonly criuFolder: string | null;
  /** Docker's own; learnt now, as dockerd may not answer any more when it is needed. */
  readonly dockerRoot: string;
  readonly dockerdLog: { readonly file: string; readonly bytes: number } | null;
  /** The moment of the mark by the host's own clock, which also dates its files, its journal and Docker's events. */
  readonly sinceNs: Ns;
}

/** What CRIU writes into its work folder, and what pre-dump renames it to: shell patterns. */
export const workFiles =
  'dump.log restore.log page-server.log lazy-pages.log stats-dump stats-restore [0-9]*-pre-dump.log [0-9]*-stats-dump';

/** Shell text that prints the folder that runc.conf names; nothing where it names none. */
const printWorkFolder = `sed -n 's/^[[:space:]]*work-dir[[:space:]=]*//p' /etc/criu/runc.conf 2>/dev/null | tail -n 1`;

const markScript = `
  ${printWorkFolder}
  echo --
  stat -c %s /var/log/dockerd.log 2>/dev/null || true
  echo --
  date +%s.%N`;

/**
 * Notes where a host's logs stand. Logs that somebody else's CRIU left in the work folder are moved aside: CRIU would write over them,
 * and a file that was there before has no birth that dates this run.
 * @param stage the move's own folder, which has a work folder where runc.conf names none; null: the strategy has none
 */
export async function mark(host: Host, stage: string | null): Promise<Mark> {
  const dockerRoot = await bounded(`docker info on ${host.name}`, 15_000, dockerRootFolder(host));
  const { stdout } = await host.shell.run(markScript);
  const [folder = '', size = '', now = ''] = stdout.split('--\n').map((part) => part.trim());
  if (folder !== '') await host.shell.run(setAside(folder));
  return {
    stage,
    criuFolder: folder === '' ? stage && `${stage}/work` : folder,
    dockerRoot,
    dockerdLog: size === '' ? null : { file: '/var/log/dockerd.log', bytes: Number(size) },
    sinceNs: fromSeconds(now),
  };
}

function setAside(folder: string): string {
  const move = `for file in ${workFiles}; do [ ! -e $file ] || mv -f $file $file.old; done`;
  return `mkdir -p ${quoteWord(folder)} && cd ${quoteWord(folder)} && ${move}`;
}

/** `1769.123456789` → nanoseconds, with no loss. */
export function fromSeconds(text: string): Ns {
  const [seconds = '0', fraction = ''] = text.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.replace(/\D/g, '').padEnd(9, '0').slice(0, 9));
}
