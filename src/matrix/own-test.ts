import { importHostImage } from '../../vm/host-image.ts';

/** Where the evidence of a cell lies on its host: a folder a phase. */
export const evidenceRoot = '/var/lib/transship/matrix';
/** CRIU's, by the hosts' /etc/criu/runc.conf. */
const criuWork = '/var/lib/transship/criu';
export const container = 'cell';

const networks = ['bridge', 'host'] as const;

/** One step of a cell's test: shell text whose exit status tells. */
export interface Phase {
  readonly name: string;
  readonly script: string;
  /** Without these there is nothing to try. */
  readonly needs: readonly string[];
  readonly limitMs: number;
}

/** It has a socket, counts in /passes, and says in /first how often it began. 2, 1: AF_INET, SOCK_STREAM by their numbers, no module. */
const program = `sub put { open F, ">", "/$_[0].new"; print F $_[1]; close F; rename "/$_[0].new", "/$_[0]" }
  socket S, 2, 1, 0; bind S, pack("S n N x8", 2, 7000, 0) or die; listen S, 5;
  open F, "<", "/first"; $n = <F>; close F; put("first", $n + 1);
  while (1) { put("passes", ++$passes); select undef, undef, undef, 0.05 }`;

/** Where its id lies. Docker is asked as seldom as can be: a program in Go takes most of a second to begin where the code is emulated. */
const idFile = `${evidenceRoot}/id`;

/** Shell text: its first process by the file that the shim keeps (containerd, cmd/containerd-shim-runc-v2/process/init.go), and its root as the host sees it. */
const itsRoot = `read -r id <${idFile}; root=/proc/$(cat /run/containerd/*.task/moby/$id/init.pid /run/docker/containerd/daemon/*.task/moby/$id/init.pid 2>/dev/null)/root`;

/** Shell text: dockerd's own containerd, or the system's. */
const itsContainerd = 'socket=/run/docker/containerd/containerd.sock; [ -S $socket ] || socket=/run/containerd/containerd.sock';

/** The container on one network of Docker's; one before it is removed. */
export function startContainer(network: string): string {
  const empty = `if [ -s ${idFile} ]; then docker rm -fv ${container} >/dev/null; else mkdir -p ${evidenceRoot}; ${importHostImage(container)}; fi`;
  const run = `docker run -d --name ${container} --network ${network} ${container} /usr/bin/perl -e '${program}' >${idFile}`;
  const wait = `${itsRoot}; for i in $(seq 600); do [ -s $root/passes ] && exit 0; sleep 0.1; done`;
  return `{ ${empty}; } && ${run} || exit 1; ${wait}; docker logs ${container} >&2; exit 1`;
}

const runc = 'runc --root "$(dirname "$(ls -d /run/docker/runtime-*/moby/$id | head -n 1)")"';
const preDump = `read -r id <${idFile}; ${runc} checkpoint --pre-dump --image-path ${evidenceRoot}/pre-dump-images $id`;
/** A start puts the checkpoint into containerd's content store, and fails where it still is from the dump ("already exists"). In one call, too. */
const emptyStore = `${itsContainerd}; ctr="ctr --address $socket --namespace moby content"
  digests=$($ctr ls -q); [ -z "$digests" ] || $ctr rm $digests >/dev/null`;
const checkpoint = `docker checkpoint create ${container} c1 >/dev/null`;
/** The same process as before, and it goes on. */
const restore = `${emptyStore}; docker start --checkpoint c1 ${container} >/dev/null || exit 1; ${itsRoot}; was=$(cat $root/passes)
  [ "$(cat $root/first)" = 1 ] || { echo 'it began anew instead of going on' >&2; exit 1; }
  for i in $(seq 600); do [ "$(cat $root/passes)" -gt "$was" ] && exit 0; sleep 0.1; done; echo 'it does not go on' >&2; exit 1`;

/** What a cell is asked, in this order; limits are for hosts at their own speed. */
export const ownTest: readonly Phase[] = [
  { name: 'check', script: `criu check -v4 -o ${evidenceRoot}/check/check.log`, needs: [], limitMs: 30_000 },
  ...networks.flatMap((network): readonly Phase[] => {
    const name = (phase: string) => `${network}.${phase}`;
    return [
      { name: name('run'), script: startContainer(network), needs: [], limitMs: 120_000 },
      { name: name('pre-dump'), script: preDump, needs: [name('run')], limitMs: 60_000 },
      { name: name('checkpoint'), script: checkpoint, needs: [name('run')], limitMs: 120_000 },
      { name: name('restore'), script: restore, needs: [name('checkpoint')], limitMs: 120_000 },
    ];
  }),
];

/** The phase with its evidence kept in a folder of its name: CRIU's logs and statistics. */
export function withEvidence({ name, script }: Pick<Phase, 'name' | 'script'>): string {
  const folder = `${evidenceRoot}/${name}`;
  return `mkdir -p ${folder} ${criuWork}; rm -f ${criuWork}/*.log ${criuWork}/stats-*
    ( ${script} ); status=$?; cp -p ${criuWork}/*.log ${criuWork}/stats-* ${folder} 2>/dev/null; exit $status`;
}
