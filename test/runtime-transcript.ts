import type { Host } from '../src/hosts/host.ts';
import { onHost } from './destination-state.ts';

const program = "echo begun; echo to-stderr >&2; trap 'echo told to end; exit 7' TERM; while :; do sleep 0.1; done";

/** A life of a container as Docker's commands tell it. $R: its runtime. The image `counter` has sh, sleep, cat and perl. */
const life = `
say() { echo "== $*"; "$@" 2>&1; echo "-- $?"; }
state() { docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{.State.OOMKilled}} {{.State.Error}}' life; }
until_state() { for i in $(seq 100); do case $(state) in "$1"*) break ;; esac; sleep 0.1; done; state; }
docker rm -f life >/dev/null 2>&1
docker run -d --runtime "$R" --name life --stop-timeout 5 -e X='a b' -w /tmp --hostname lively counter /bin/sh -c "$P" >/dev/null
until docker logs life 2>/dev/null | grep -q begun; do sleep 0.1; done
say docker ps --filter name=life --format '{{.Names}} {{.State}} {{.Command}}'
say docker exec life /bin/sh -c 'echo "$X $PWD"; cat /proc/1/comm /etc/hostname; exit 9'
echo input | say docker exec -i life /bin/cat
say docker exec life /nothing-there
docker logs life 2>/dev/null
docker logs life 2>&1 >/dev/null
say docker stats --no-stream --format '{{.Name}}' life
say docker top life -o comm
say docker pause life
state
say docker exec life /bin/cat
say docker unpause life
say docker restart life
until_state running
say docker stop life
state
say docker start life
say docker kill -s KILL life
until_state exited
say docker start life
say docker update --restart=always life
kill -9 "$(docker inspect -f '{{.State.Pid}}' life)"
until_state 'running 0 1'
say docker rm -f life
say docker run --rm --runtime "$R" --name life counter /bin/sh -c 'exit 42'
say docker run --rm --runtime "$R" --name life counter /bin/sh -c '/usr/bin/perl -e "kill SEGV, $$"; exit $?'
say docker run --rm --runtime "$R" --name life counter /nothing-there
say docker run --rm --runtime "$R" --name life --network none --read-only --user 7 --init counter /bin/cat /proc/self/status
docker ps -a --filter name=life -q
`;

/** What a container's life under that runtime looks like; numbers that are another each time are left out. */
export async function runtimeTranscript(host: Host, runtime: string): Promise<string> {
  const text = await onHost(host, `export R='${runtime}' P=${JSON.stringify(program).replace('$', '\\$')}\n${life}`);
  return text
    .split('\n')
    .filter(
      (line) => !/^(Pid|PPid|NSpid|NStgid|NSpgid|NSsid|Tgid|Vm|Rss|voluntary|nonvoluntary|Mems|Cpus|HugetlbPages)/.test(line),
    )
    .map((line) => line.replace(/\b[0-9a-f]{12,64}\b/g, 'ID').replace(`--runtime ${runtime} `, ''))
    .join('\n');
}
