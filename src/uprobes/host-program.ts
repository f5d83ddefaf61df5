import { buffer } from 'node:stream/consumers';
import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import type { ByteSource } from './byte-source.ts';
import { type ProbedProgram, probedPrograms } from './path-probes.ts';

/** One of Docker's programs on a host, the file that its processes run. */
export interface HostProgram {
  readonly program: ProbedProgram;
  readonly file: string;
  /** The same for the same program on another host: size, and a sum over its beginning, in which its build ids are. */
  readonly identity: string;
}

const readLimitMs = 60_000;

/**
 * dockerd and containerd as they run; the shim and runc by dockerd's PATH, by which they are called, but for scripts that stand before them.
 * A line a program: its name, size, sum and file.
 */
const findPrograms = `
  path=
  tell() { echo "$1 $(stat -c %s "$2") $(head -c 4096 "$2" | sha256sum | cut -c 1-64) $2"; }
  for process in /proc/[0-9]*; do
    read -r comm 2>/dev/null <"$process/comm" || continue
    case $comm in dockerd | containerd) ;; *) continue ;; esac
    tell "$comm" "$(readlink "$process/exe")"
    [ "$comm" != dockerd ] || path=$(tr '\\0' '\\n' <"$process/environ" | sed -n 's/^PATH=//p')
  done
  IFS=:
  for name in containerd-shim-runc-v2 runc; do
    for folder in $path; do
      [ "$(head -c 4 "$folder/$name" 2>/dev/null | tail -c 3)" = ELF ] || continue
      tell "$name" "$(readlink -f "$folder/$name")"
      break
    done
  done`;

/** @throws TransshipError `not-ready` naming the program that the host does not have */
export async function programsOn(host: Host): Promise<readonly HostProgram[]> {
  const { stdout } = await host.shell.run(findPrograms);
  const told = stdout.split('\n').flatMap((line) => {
    const [, name, bytes, sum, file] = /^(\S+) (\d+) ([0-9a-f]{64}) (\/.*)$/.exec(line) ?? [];
    const program = probedPrograms.find((each) => each === name);
    return program === undefined || file === undefined ? [] : [{ program, file, identity: `${program} ${bytes} ${sum}` }];
  });
  return probedPrograms.map((program) => {
    const found = told.find((each) => each.program === program);
    if (found !== undefined) return found;
    throw new TransshipError('not-ready', `${host.name}: no uprobes: no ${program} is there`, 'migrate without --probes');
  });
}

/** A file on a host, read by one process for any number of stretches. */
export function hostFileSource(host: Host, file: string): ByteSource {
  const name = `${host.name}:${file}`;
  return {
    name,
    read: async (ranges) => {
      const dd = 'dd bs=1M iflag=skip_bytes,count_bytes,fullblock status=none';
      const commands = ranges.map(({ offset, bytes }) => `${dd} if=${quoteWord(file)} skip=${offset} count=${bytes}`);
      const process = host.spawn(commands.join(' && '));
      process.stdin.end();
      const timer = setTimeout(() => process.kill(), readLimitMs);
      const all = await buffer(process.stdout);
      const { exitCode, stderr } = await process.ended;
      clearTimeout(timer);
      if (exitCode !== 0) {
        const why = stderr.trim() || `it was not read within ${readLimitMs / 1000} s`;
        throw new TransshipError('not-ready', `${name}: no uprobes: ${why}`, 'migrate without --probes');
      }
      return cut(
        all,
        ranges.map(({ bytes }) => bytes),
      );
    },
  };
}

/** What one after another was read into; the last may be short, where the file has ended. */
function cut(all: Buffer, lengths: readonly number[]): readonly Buffer[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return all.subarray(at - length, at);
  });
}
