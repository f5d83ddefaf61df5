import { dirname } from 'node:path';
import { TransshipError } from '../../error.ts';
import { quoteWord } from '../../hosts/link.ts';
import { dockerRootFolder } from './docker-root.ts';
import { type FolderSynced, syncFolder } from './folder-sync.ts';
import type { ContainerPair, MovePass } from './writable-layer.ts';

// The files carry the container's id in their names, so they wait here until the last pass has been made.
const waiting = 'transship-log';

/**
 * Puts what the container has logged so far in place, so that `docker logs` on the destination begins where it began on the source.
 * Only json-file (rotated files too); null for another driver, whose log lies elsewhere. Before the start.
 * @throws TransshipError `failed` when it cannot be copied.
 */
export async function moveEarlierLog(pair: ContainerPair, pass: MovePass): Promise<FolderSynced | null> {
  const { route, source, destination } = pair;
  if (source.HostConfig.LogConfig?.Type !== 'json-file' || source.LogPath === '') return null;
  const folder = `${await dockerRootFolder(route.destination)}/containers/${destination.Id}`;
  const to = `${folder}/${waiting}`;
  const made = await route.destination.shell.run(`mkdir -p -m 700 ${quoteWord(to)}`);
  if (made.exitCode !== 0) throw new TransshipError('failed', `${route.destination.name}: ${made.stderr.trim()}`, hint);
  const options = [`--include=/${source.Id}-json.log*`, '--exclude=*'];
  const synced = await syncFolder(route, { what: 'the log', from: dirname(source.LogPath), to, options, ...pass });
  if (pass.pass === 'frozen') await placeEarlierLog(pair);
  return synced;
}

export interface PlacedLog {
  /** Of its newest file that has anything, unpacked; 0 where there is none. */
  readonly bytes: number;
  /** cksum(1) of that one's first line, by which it is known again on the source, where Docker may begin others meanwhile. */
  readonly first: string;
}

/**
 * Gives the files that came the names that Docker will look for. Before the start: dockerd opens the log and appends.
 * A last line that was cut short by the copy is taken away.
 */
export async function placeEarlierLog({ route, source, destination }: ContainerPair): Promise<PlacedLog> {
  const folder = `${await dockerRootFolder(route.destination)}/containers/${destination.Id}`;
  const { exitCode, stdout, stderr } = await route.destination.shell.run(`cd ${quoteWord(folder)} || exit
[ ! -d ${waiting} ] || { cd ${waiting} && for file in ${source.Id}-json.log*; do
  [ -e "$file" ] || continue
  mv -f "$file" "../${destination.Id}\${file#${source.Id}}" || exit 1
done && cd .. && rmdir ${waiting}; } || exit 1
log=${destination.Id}-json.log
[ ! -e $log ] || [ -z "$(tail -c 1 $log)" ] || truncate -s "-$(tail -n 1 $log | wc -c)" $log || exit 1
for newest in $log $log.1; do
  [ ! -s $newest ] || { stat -c %s $newest; head -n 1 $newest | cksum; exit; }
done
[ ! -e $log.1.gz ] || { zcat $log.1.gz | wc -c; zcat $log.1.gz | head -n 1 | cksum; }`);
  if (exitCode !== 0) throw new TransshipError('failed', `${route.destination.name}: ${stderr.trim()}`, hint);
  const [bytes = '0', first = ''] = stdout.trim().split('\n');
  return { bytes: Number(bytes), first };
}

const hint = 'look at the space and the rights in the folder that Docker keeps its containers in';
