import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { emptyRuntime } from './daemon-json.ts';
import { reloadUntil } from './dockerd.ts';
import { change, replaceFile } from './host-write.ts';
import { afterFile, beforeFile, madeFolderFile } from './runtime-place.ts';

/** Keeps the file as it is, byte for byte with owner and time, and what is about to be written: so that an edit in between is seen. */
export async function backUp(host: Host, file: string, after: string): Promise<void> {
  await change(
    host,
    `rm -f ${beforeFile} ${madeFolderFile}
file=${quoteWord(file)}
if [ -e "$file" ]; then cp -a "$file" ${beforeFile}; fi
if ! [ -d "\${file%/*}" ]; then : >${madeFolderFile}; mkdir -p "\${file%/*}"; fi
cat >${afterFile}`,
    after,
  );
}

/** The file as it was, or none where there was none; its folder goes when we made it. */
export async function putBack(host: Host, file: string): Promise<void> {
  await change(
    host,
    `file=${quoteWord(file)}
if [ -e ${beforeFile} ]; then
  cp -a ${beforeFile} "$file.transship-$$"
  mv "$file.transship-$$" "$file"
else
  rm -f "$file"
  if [ -e ${madeFolderFile} ]; then rmdir "\${file%/*}" 2>/dev/null || true; fi
fi`,
  );
}

export interface Daemon {
  readonly daemonPid: string;
  readonly configFile: string;
}

/** SIGHUP drops no runtime whose key is gone: dockerd has to read a list of runtimes without it, and the file is left with that. */
export async function unregister(host: Host, { daemonPid, configFile }: Daemon, now: string | null): Promise<string> {
  const empty = emptyRuntime(now, `${host.name}:${configFile}`);
  await replaceFile(host, { file: configFile, from: now, to: empty });
  await reloadUntil(host, daemonPid, false);
  return empty;
}
