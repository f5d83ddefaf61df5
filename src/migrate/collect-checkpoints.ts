import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointFolderRecord } from '../evidence/records.ts';
import { hostEvidence } from '../evidence/run-folder.ts';
import { quoteWord } from '../hosts/link.ts';
import type { Collected } from './collect.ts';
import { fromSeconds } from './mark.ts';

/**
 * When Docker's daemons unpacked the images, by the times of what they made: no log of theirs tells. On the source dockerd unpacks into its
 * checkpoint folder; on the destination containerd does below /tmp, for the start.
 */
export async function collectCheckpointFolders({ folder, host, mark, ...rest }: Collected): Promise<void> {
  const { containerId, checkpointFolder, isSource } = rest;
  if (containerId === null || checkpointFolder === null || mark.stage !== null) return;
  const ofContainerd = `for one in /tmp/ctrd-checkpoint*; do ! grep -qs ${containerId} "$one/cgroup.img" || echo "$one"; done`;
  const found = isSource ? checkpointFolder : (await host.shell.run(ofContainerd)).stdout.split('\n')[0];
  if (!found) return;
  const at = quoteWord(found);
  const { stdout } = await host.shell.run(
    `stat -c '%F:%s:%.9W:%.9Z' ${at} && find ${at} -type f -exec stat -c '%F:%s:%.9W:%.9Z' {} +`,
  );
  const rows = stdout.split('\n').flatMap((line) => {
    const [kind = '', bytes = '', born = '', changed = ''] = line.split(':');
    return kind === '' ? [] : { isFile: kind.startsWith('regular'), bytes: Number(bytes), born, changedNs: fromSeconds(changed) };
  });
  const files = rows.filter(({ isFile }) => isFile);
  const births = (isSource ? files : rows).map(({ born }) => born).filter((born) => /^[1-9]\d*\./.test(born));
  if (files.length === 0 || births.length < (isSource ? files.length : 1)) return; // a file system without births
  const record: CheckpointFolderRecord = {
    by: isSource ? 'dockerd' : 'containerd',
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files: files.length,
    firstMadeNs: String(births.map(fromSeconds).reduce((least, ns) => (ns < least ? ns : least))),
    lastChangedNs: String(files.map(({ changedNs }) => changedNs).reduce((most, ns) => (ns > most ? ns : most))),
  };
  writeFileSync(join(hostEvidence(folder, host.name), 'checkpoint-folder.json'), `${JSON.stringify(record)}\n`);
}
