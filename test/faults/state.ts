import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../destination-state.ts';

/** A process of the counter, read by its root: neither Docker nor runc is asked. */
export interface Copy {
  readonly pid: number;
  readonly isLive: boolean;
  /** Where it stands. */
  readonly count: number;
  /** The longest time in ms in which it did not go on. */
  readonly gapMs: number;
  /** The highest number that it was sent. */
  readonly written: number;
  /** What was written beside it after the first copy of its files. */
  readonly late: string;
}

/** Looked at twice within half a second: a live one has gone on. One that is dead and waits for its parent has no root any more. */
export async function copiesOn(host: Host): Promise<readonly Copy[]> {
  const look = `for p in $(grep -ls '^perl$' /proc/[0-9]*/comm); do p=\${p%/comm}
    [ ! -e $p/root/counter ] || echo "\${p#/proc/} $(cat $p/root/counter) $(cat $p/root/gap) $(cat $p/root/written || echo 0) $(cat $p/root/late)"; done 2>/dev/null; true`;
  const first = await onHost(host, look);
  const then = await onHost(host, `sleep 0.5; ${look}`);
  const before = new Map(linesOf(first).map(([pid, count]) => [pid, count]));
  return linesOf(then).map(([pid = '', count = '', gapMs = '', written = '', late = '']) => ({
    pid: Number(pid),
    isLive: Number(count) > Number(before.get(pid) ?? Number.POSITIVE_INFINITY),
    count: Number(count),
    gapMs: Number(gapMs),
    written: Number(written),
    late,
  }));
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([pid]) => pid !== '');
}

/** `right` when both of its two copies of its memory are the same. */
export async function memoryOf(host: Host, { pid }: Copy): Promise<string> {
  const file = `/proc/${pid}/root/memory`;
  return await onHost(
    host,
    `rm -f ${file}; kill -USR1 ${pid}; for i in $(seq 200); do cat ${file} 2>/dev/null && exit; sleep 0.05; done; echo unknown`,
  );
}

/** What a move could leave: a line each. By files, as Docker's own lists would cost more than the move. Namespaces' files go when dockerd collects them, once a minute. */
export async function leftoversOn(host: Host): Promise<readonly string[]> {
  const script = `awk '$5 !~ /^\\/run\\/docker\\/netns|^\\/var\\/lib\\/docker\\/overlay2\\/[^\\/]*\\/merged$|^\\/var\\/run\\/docker\\/netns/ { print "mount " $5 }' /proc/self/mountinfo
    for group in $(find /sys/fs/cgroup -name cgroup.events -path '*docker*'); do
      [ "$(cat $group | tr '\\n' ' ')" != 'populated 1 frozen 1 ' ] || echo "frozen $group"
    done
    nft list tables | sed 's/^/nft /' | grep -iE 'criu|transship'
    ip -o link show | sed -n '/[<,]UP[,>]/!s/^[0-9]*: \\([^@:]*\\).*/link down \\1/p'
    ss -Htlnp | sed -n 's/.*users:(("\\([^"]*\\)".*/listens \\1/p' | sort -u
    ps -eo args= | grep -E '^(criu|tar|rsync|ssh|runc|/usr/bin/ssh|[^ ]*containerd-shim|.*/run/transship/)|^bash .*transship' | grep -v '^grep' | sed 's/^/process /; s/-[0-9a-f]\\{8,\\}/-ID/g'
    cd /var/lib/docker && ls -d containers/* image/overlay2/imagedb/content/sha256/* volumes/*/ 2>/dev/null
    ls -d /tmp/* /run/transship/* /run/docker/runtime-*/moby/* 2>/dev/null | sed 's/^/file /'
    true`;
  return [...new Set((await onHost(host, script)).split('\n'))].filter((line) => line !== '').sort();
}

/** Those of `after` that `before` had not. */
export function added(before: readonly string[], after: readonly string[]): readonly string[] {
  return after.filter((line) => !before.includes(line));
}
