import type { StrategyName } from '../../src/migrate/strategies/names.ts';

/** A place in which a migration is held up, and the leaves that must have the time. */
export interface DelayPlace {
  /** One word: it travels through a shell. */
  readonly name: string;
  readonly strategy: StrategyName;
  readonly host: 'a' | 'b';
  /** When: a line of a log, a path that is there, or as soon as the process is. */
  readonly when: 'log' | 'path' | 'process';
  /** Of a log: its file, a space, a regex; of a path: a pattern. */
  readonly where: string;
  /** Which processes are stopped: a regex over their words. */
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
  { name: 'shim', strategy: 'docker', host: 'a', when: 'log', where: `${dockerdLog} POST \\S*/checkpoints`, target: '^\\S*containerd-shim-runc-v2 ', lands: /^runc\.checkpoint\.start$|^criu\.dump|Tasks\/Get$/, what: 'the shim, as the checkpoint is asked for' },
  { name: 'containerd-packs', strategy: 'docker', host: 'a', when: 'log', where: `${dockerdLog} single walk diff for \\S*ctrd-checkpoint`, target: '^\\S*containerd --config', lands: /^containerd\.checkpoint\.pack$/, what: 'containerd, while it packs the images' },
  { name: 'dockerd-unpacks', strategy: 'docker', host: 'a', when: 'path', where: '/var/lib/docker/containers/*/checkpoints/*/pages-1.img', target: '^\\S*dockerd --', lands: /^dockerd\.checkpoint\.unpack$/, what: 'dockerd, while it unpacks them' },
  { name: 'slow-tar', strategy: 'docker', host: 'a', when: 'process', where: '-', target: '^tar .*checkpoint', lands: /^shell tar$/, what: 'tar, which reads the images for their way to the other host' },
  { name: 'slow-disk', strategy: 'docker', host: 'b', when: 'process', where: '-', target: '^tar .*-x', lands: /^shell tar$/, what: 'tar on the other host, which writes them: a disk that takes nothing' },
  { name: 'dockerd-packs', strategy: 'docker', host: 'b', when: 'log', where: `${dockerdLog} single walk diff for \\S*/checkpoints/`, target: '^\\S*dockerd --', lands: /^dockerd\.start\.pack$/, what: 'dockerd, while it packs the images for the start' },
  { name: 'containerd-unpacks', strategy: 'docker', host: 'b', when: 'path', where: '/tmp/ctrd-checkpoint*/pages-1.img', target: '^\\S*containerd --config', lands: /^containerd\.start\.unpack$/, what: 'containerd, while it unpacks them' },
  { name: 'network-hook', strategy: 'docker', host: 'b', when: 'process', where: '-', target: '^libnetwork-setkey ', lands: /^criu\.restore\.hook$|^runc\.notify\.setup-namespaces$|^dockerd\.start\.set-key$/, what: 'Docker’s network hook, which runc runs in the restore' },
  { name: 'criu-dumps', strategy: 'diskless', host: 'a', when: 'log', where: `${criuLog('dump')} Dumping pages`, target: 'criu swrk |criu: .*--rpc', lands: /^criu\.dump\./, what: 'CRIU, while it dumps' },
  { name: 'page-server', strategy: 'diskless', host: 'b', when: 'log', where: `${criuLog('page-server')} Accepted connection`, target: '^criu page-server ', lands: /^criu\.page-server\.session$/, what: 'CRIU’s page server, as the dump has connected' },
  { name: 'criu-restores', strategy: 'diskless', host: 'b', when: 'log', where: `${criuLog('restore')} Reading image tree`, target: 'criu swrk |criu: .*--rpc', lands: /^criu\.restore\.|^runc\.notify\./, what: 'CRIU, while it restores' },
  { name: 'go', strategy: 'post-copy', host: 'a', when: 'log', where: `${marks} dump\\.send$`, target: '^ssh.*(?:-fNM|\\[mux)', lands: /^transfer\.go$|^source\.send-images$|^source\.say-go$/, what: 'the ssh that carries images and the word go' },
  { name: 'own-runtime', strategy: 'post-copy', host: 'b', when: 'log', where: `${marks} receive\\.go`, target: '^bash \\S+/(?:restore|receive) ', lands: /^destination\./, what: 'our own scripts there, as go is heard' },
  { name: 'lazy-pages', strategy: 'post-copy', host: 'b', when: 'log', where: `${criuLog('lazy-pages')} Received PID`, target: '^criu lazy-pages ', lands: /^criu\.(?:restore|lazy-pages)\./, what: 'CRIU’s page daemon, as it gets the tasks’ memory' },
];
