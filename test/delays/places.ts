import type { StrategyName } from '../../src/migrate/strategies/names.ts';

/** A place in which a migration is held up, and the leaves that must have the time. */
export interface DelayPlace {
  /** One word: it travels through a shell. */
  readonly name: string;
  readonly strategy: StrategyName;
  /** Places whose moments lie together are in different moves. */
  readonly move: 1 | 2;
  readonly host: 'a' | 'b';
  /** When: a line of a log, a path that is there, or as soon as the target is. */
  readonly when: 'log' | 'path' | 'process';
  /** Of a log: its file, a space, a regex; of a path: a pattern. */
  readonly where: string;
  /**
   * `stop`: processes are stopped. `begin`: a program waits before it begins. `link`: a device carries next to nothing. `disk`: the file system
   * mounted there takes nothing.
   */
  readonly how: 'stop' | 'begin' | 'link' | 'disk';
  /** A regex over the words of processes; a program's path, a space, a regex over the words of its call; a device; a mount point. */
  readonly target: string;
  /** Operations that may have the time: all of the layer that was held up, in the phase in which it was. */
  readonly lands: RegExp;
  readonly what: string;
}

const dockerdLog = '/var/log/dockerd.log';
const marks = '/run/transship/transship-*/marks';
const criuLog = (name: string) => `/var/lib/transship/criu/${name}.log`;

// biome-ignore format: a table is read in rows
export const delayPlaces: readonly DelayPlace[] = [
  { name: 'containerd-packs', strategy: 'docker', move: 1, host: 'a', when: 'log', where: `${dockerdLog} single walk diff for \\S*ctrd-checkpoint`, how: 'stop', target: '^\\S*containerd --config', lands: /^containerd\.checkpoint\.pack$/, what: 'containerd, while it packs the images' },
  { name: 'dockerd-unpacks', strategy: 'docker', move: 1, host: 'a', when: 'path', where: '/var/lib/docker/containers/*/checkpoints/*/pages-1.img', how: 'stop', target: '^\\S*dockerd --', lands: /^dockerd\.checkpoint\.unpack$/, what: 'dockerd, while it unpacks them' },
  { name: 'tar-reads', strategy: 'docker', move: 1, host: 'a', when: 'process', where: '-', how: 'stop', target: '^tar .*checkpoint', lands: /^shell tar$/, what: 'tar, which reads the images for their way to the other host' },
  { name: 'tar-writes', strategy: 'docker', move: 1, host: 'b', when: 'process', where: '-', how: 'stop', target: '^tar .*-x', lands: /^shell tar$/, what: 'tar on the other host, which writes them' },
  { name: 'dockerd-packs', strategy: 'docker', move: 1, host: 'b', when: 'log', where: `${dockerdLog} single walk diff for \\S*/checkpoints/`, how: 'stop', target: '^\\S*dockerd --', lands: /^dockerd\.start\.pack$/, what: 'dockerd, while it packs the images for the start' },
  { name: 'containerd-unpacks', strategy: 'docker', move: 1, host: 'b', when: 'path', where: '/tmp/ctrd-checkpoint*/pages-1.img', how: 'stop', target: '^\\S*containerd --config', lands: /^containerd\.start\.unpack$/, what: 'containerd, while it unpacks them' },
  { name: 'network-hook', strategy: 'docker', move: 1, host: 'b', when: 'process', where: '-', how: 'stop', target: '^libnetwork-setkey ', lands: /^criu\.restore\.hook$|^runc\.notify\.setup-namespaces$|^dockerd\.start\.set-key$/, what: 'Docker’s network hook, which runc runs in the restore' },
  { name: 'runc-checkpoints', strategy: 'docker', move: 2, host: 'a', when: 'process', where: '-', how: 'begin', target: '/usr/sbin/runc \\bcheckpoint\\b', lands: /^runc\.(?:work|checkpoint\.start)$/, what: 'runc, before it has CRIU dump' },
  { name: 'slow-link', strategy: 'docker', move: 2, host: 'a', when: 'process', where: '^tar .*checkpoint', how: 'link', target: 'eth0', lands: /^shell tar$/, what: 'the link to the other host (1 Mbit/s), while the images are on their way' },
  { name: 'slow-disk', strategy: 'docker', move: 2, host: 'b', when: 'path', where: '/tmp/ctrd-checkpoint*/pages-1.img', how: 'disk', target: '/tmp', lands: /^containerd\.start\.unpack$/, what: 'the disk (frozen) to which containerd unpacks the images' },
  { name: 'shim-starts', strategy: 'docker', move: 2, host: 'b', when: 'process', where: '-', how: 'begin', target: '/usr/bin/containerd-shim-runc-v2 \\bstart\\b', lands: /^shim\.start$/, what: 'the shim, before it starts' },
  { name: 'runc-restores', strategy: 'docker', move: 2, host: 'b', when: 'process', where: '-', how: 'begin', target: '/usr/sbin/runc \\brestore\\b', lands: /^runc\.(?:work|restore\.start)$/, what: 'runc, before it has CRIU restore' },
  { name: 'criu-dumps', strategy: 'diskless', move: 1, host: 'a', when: 'log', where: `${criuLog('dump')} Dumping pages`, how: 'stop', target: 'criu swrk |criu: .*--rpc', lands: /^criu\.dump\./, what: 'CRIU, while it dumps' },
  { name: 'page-server', strategy: 'diskless', move: 1, host: 'b', when: 'log', where: `${criuLog('page-server')} Accepted connection`, how: 'stop', target: '^criu page-server ', lands: /^criu\.page-server\.session$/, what: 'CRIU’s page server, as the dump has connected' },
  { name: 'criu-restores', strategy: 'diskless', move: 1, host: 'b', when: 'log', where: `${criuLog('restore')} Reading image tree`, how: 'stop', target: 'criu swrk |criu: .*--rpc', lands: /^criu\.restore\.|^runc\.notify\./, what: 'CRIU, while it restores' },
  { name: 'go', strategy: 'post-copy', move: 1, host: 'a', when: 'log', where: `${marks} dump\\.send$`, how: 'stop', target: '^ssh.*(?:-fNM|\\[mux)', lands: /^transfer\.go$|^source\.send-images$|^source\.say-go$/, what: 'the ssh that carries images and the word go' },
  { name: 'own-script', strategy: 'post-copy', move: 1, host: 'b', when: 'process', where: '-', how: 'begin', target: '/usr/bin/sed images/cgroup\\.img', lands: /^destination\.rewrite-ids$/, what: 'our own script there, as go is heard' },
  { name: 'page-link', strategy: 'post-copy', move: 1, host: 'a', when: 'log', where: `${criuLog('dump')} Accepted connection`, how: 'link', target: 'eth0', lands: /^criu\.(?:restore|lazy-pages|dump\.lazy-pages)\./, what: 'the link (1 Mbit/s) over which CRIU’s page daemon fetches memory' },
];
