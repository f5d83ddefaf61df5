import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { hostFile } from '../../wrap/host-files.ts';

/** The folder of one move on either host. On memory: it holds the container's memory, and keys. */
export function stageFolder(token: string): string {
  return `/run/transship/${token}`;
}

/** Where the runtime looks whether a container is to be restored. */
export const restoreFolder = '/run/transship/restore';

/**
 * Makes the folder, readable for root alone, on a file system of its own in memory: /run may be small, and on a disk. Where the kernel knows how (Linux 6.4,
 * tmpfs(5) `noswap`) nothing of it goes to swap. Debian's and Ubuntu's initrd mounts /run so that nothing can be executed there (initramfs-tools, init:
 * `-o nodev,noexec,nosuid`), and Go's LookPath passes over what cannot: runc would take the host's own criu for that of `bin/`.
 * `images/` has one more, as large as the container needs: what is said in the folder has room also when that is full.
 */
export async function makeStage(host: Host, folder: string): Promise<void> {
  const at = quoteWord(folder);
  const script = `umask 077
    in_memory() { mount -t tmpfs -o "mode=700,$1,noswap" transship "$2" 2>/dev/null || mount -t tmpfs -o "mode=700,$1" transship "$2"; }
    mkdir -p ${restoreFolder} && mkdir ${at} && in_memory size=50% ${at} && mkdir ${at}/images ${at}/work ${at}/bin && in_memory size=100% ${at}/images`;
  await must(host, script, 'the folder of the move');
}

/**
 * Removes it with all that it holds; also half of it, or nothing. What is mounted below goes first: a CRIU that was killed leaves this host's cgroups
 * mounted in its work folder, and groups that are empty would be removed there.
 */
export async function removeStage(host: Host, folder: string): Promise<void> {
  const at = quoteWord(folder);
  const script = `for link in ${restoreFolder}/*; do [ "$(readlink "$link")" != ${at} ] || rm -f "$link"; done
    rmdir ${restoreFolder} 2>/dev/null
    awk -v at=${at} '$5 == at || index($5, at "/") == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
      umount "$mount" || umount -l "$mount" || exit
    done && rm -rf --one-file-system ${at}; rmdir /run/transship 2>/dev/null; [ ! -e ${at} ]`;
  await must(host, script, 'the folder of the move');
}

/** Puts files there. Their content goes by standard input: keys are no part of what is recorded. */
export async function putFiles(host: Host, folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const { exitCode, stderr } = await host.shell.run(`umask 077; cat >${quoteWord(`${folder}/${name}`)}`, { stdin: text });
    if (exitCode !== 0) throw failure(host, `${folder}/${name}`, stderr);
  }
}

/** The scripts that a move needs there, by the names that they call each other. */
export async function putScripts(host: Host, folder: string, names: Parameters<typeof hostFile>[0][]): Promise<void> {
  await putFiles(host, folder, Object.fromEntries(names.map((name) => [name, hostFile(name)])));
}

/** From now on the runtime's `create` of that container waits in `folder` and restores from it. */
export async function stageRestore(host: Host, folder: string, containerId: string): Promise<void> {
  const script = `umask 077; cd ${quoteWord(folder)} && mkfifo go unpacked && chmod 700 bin/* && ln -s ${quoteWord(folder)} ${restoreFolder}/${containerId}`;
  await must(host, script, 'the waiting restore');
}

async function must(host: Host, script: string, what: string): Promise<void> {
  const { exitCode, stderr } = await host.shell.run(script);
  if (exitCode !== 0) throw failure(host, what, stderr);
}

function failure(host: Host, what: string, stderr: string): TransshipError {
  const words = stderr.trim().split('\n').at(-1) || 'no reason given';
  return new TransshipError(
    'failed',
    `${host.name}: ${what} could not be made: ${words}`,
    `look at /run on ${host.name}: df -h /run`,
  );
}
