import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { hostFile } from './host-files.ts';
import { afterFile, beforeFile, type RuntimeFile, runtimeFiles, runtimeFolder } from './runtime-place.ts';

/** What is on a host of ours and of the files that we touch, read in one turn. */
export interface HostState {
  /** dockerd's process; null when none was found. */
  readonly daemonPid: string | null;
  /** dockerd was started with `--add-runtime`: it refuses a file that has runtimes as well. */
  readonly hasRuntimeFlag: boolean;
  readonly configFile: string;
  readonly hasConfigFolder: boolean;
  /** Null where there is no such file. */
  readonly config: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly hasFolder: boolean;
  readonly scripts: Readonly<Record<RuntimeFile, string | null>>;
  readonly runc: { readonly path: string; readonly version: string | null } | null;
}

// Docker's own file first, which has no end of line: a container can hold a dockerd, which pidof finds as well, but in a pid namespace of its
// own; and between fork and exec dockerd's children have its name, and larger numbers.
// runc is looked for as the shim will, along dockerd's PATH.
const script = `
for pid in $(cat /run/docker.pid 2>/dev/null) $(cat /var/run/docker.pid 2>/dev/null) $(systemctl show -p MainPID --value docker 2>/dev/null) \
  $(pidof dockerd | tr ' ' '\\n' | sort -n); do
  [ "$(cat /proc/$pid/comm 2>/dev/null)" = dockerd ] || continue
  [ "$(readlink /proc/$pid/ns/pid)" = "$(readlink /proc/$$/ns/pid)" ] || continue
  daemon=$pid
  break
done
config=/etc/docker/daemon.json
if [ -n "\${daemon:-}" ]; then
  echo "pid=$daemon"
  words=$(tr '\\0' '\\n' <"/proc/$daemon/cmdline")
  case $words in *--add-runtime*) echo flag= ;; esac
  named=$(printf '%s\\n' "$words" | sed -n '/^--config-file$/{n;p;};s/^--config-file=//p' | tail -n 1)
  [ -z "$named" ] || config=$named
  path=$(tr '\\0' '\\n' <"/proc/$daemon/environ" | sed -n 's/^PATH=//p')
  [ -z "$path" ] || PATH=$path
fi
if [ -e "$config" ]; then config=$(readlink -f "$config"); fi
echo "config=$config"
if [ -d "\${config%/*}" ]; then echo config-folder=; fi
say() { if [ -f "$2" ]; then echo "$1=$(base64 -w 0 <"$2")"; fi; }
say text "$config"
say before ${beforeFile}
say after ${afterFile}
if [ -d ${runtimeFolder} ]; then echo folder=; fi
for name in ${runtimeFiles.join(' ')}; do
  if [ "$(stat -c '%a %u' ${runtimeFolder}/$name 2>/dev/null)" = '755 0' ]; then say "script-$name" ${runtimeFolder}/$name; fi
done
runc=$(command -v runc) && echo "runc=$runc" && echo "version=$(runc --version 2>/dev/null | sed -n 's/^runc version //p')"
true`;

export async function readHostState(host: Host): Promise<HostState> {
  const { stdout, stderr, exitCode } = await host.shell.run(script);
  if (exitCode !== 0)
    throw new TransshipError('not-ready', `${host.name}: its files cannot be read: ${stderr.trim()}`, 'transship doctor looks');
  const value = (key: string): string | null => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? null;
  const configFile = value('config') ?? '';
  const text = (key: string, file: string): string | null => decode(value(key), `${host.name}:${file}`);
  const path = value('runc');
  return {
    daemonPid: value('pid'),
    hasRuntimeFlag: value('flag') !== null,
    configFile,
    hasConfigFolder: value('config-folder') !== null,
    config: text('text', configFile),
    before: text('before', beforeFile),
    after: text('after', afterFile),
    hasFolder: value('folder') !== null,
    scripts: Object.fromEntries(
      runtimeFiles.map((name) => [name, text(`script-${name}`, `${runtimeFolder}/${name}`)]),
    ) as HostState['scripts'],
    runc: path === null ? null : { path, version: value('version') || null },
  };
}

/** The scripts that are not on the host as this version of transship has them. */
export function staleScripts(state: HostState): readonly RuntimeFile[] {
  return runtimeFiles.filter((name) => state.scripts[name] !== hostFile(name));
}

function decode(base64: string | null, place: string): string | null {
  if (base64 === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch (cause) {
    throw new TransshipError('not-ready', `${place}: no UTF-8`, 'only UTF-8 can be edited safely: convert the file first', {
      cause,
    });
  }
}
