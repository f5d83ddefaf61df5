import { kill, killDockerd } from '../host-faults.ts';
import { type MomentName, moments, type Strategy, strategies } from './moments.ts';

export type Outcome = 'migrated' | 'rolled-back' | 'refused';

export interface Fault {
  /** A host, or the command itself with its connections. */
  readonly on: 'a' | 'b' | 'controller';
  readonly at: readonly MomentName[];
  readonly by?: readonly Strategy[];
  /** Why it cannot strike at other moments, or other strategies. */
  readonly only?: string;
  /** Shell text on the host; of a controller: which of its processes. Of several each cell takes the next, and says so. */
  readonly strike: readonly (string | Way)[];
  /** Shell text that ends it, once the command has ended. */
  readonly mend?: string;
  /** What it may end as, once the way that was printed is gone; any way that leaves one live copy unless told. */
  readonly ends?: readonly Outcome[];
  /** What has to be printed. */
  readonly told?: RegExp;
}

/** One of several ways in which a fault may strike. */
interface Way {
  /** What is printed of it, by which it can be had again. */
  readonly how: string;
  readonly words: string;
}

/** Of a fault with several ways each cell takes the next. */
export function wayOf({ strike }: Fault, variant: number): Way {
  const way = strike[variant % strike.length] ?? '';
  return typeof way === 'string' ? { how: '', words: way } : way;
}

const anyTime: readonly MomentName[] = ['files', 'ready', 'dump', 'way', 'restore', 'verify', 'rest', 'tidy'];
const direct: readonly Strategy[] = ['cold', 'diskless', 'post-copy'];

/** A criu that stands before CRIU in every PATH of the host. */
const wrapCriu = (words: string) =>
  `printf '#!/bin/sh\\n%s\\nexec /usr/sbin/criu "$@"\\n' '${words}' >/usr/local/sbin/criu; chmod 755 /usr/local/sbin/criu`;
const unwrapCriu = 'rm -f /usr/local/sbin/criu';
/**
 * criu/include/fault-injection.h. Without 2 (the root task kills itself, which the kernel refuses to the first process of a pid namespace), 4 and 128
 * (link remaps and inotify, of which a container has none here), 134 (spoils registers, so that CRIU's own tests see them put back), 136 (only
 * after another failure) and 138 (CUDA).
 */
const criuFaults = (...numbers: readonly number[]) =>
  numbers.map((number) => ({ how: String(number), words: wrapCriu(`export CRIU_FAULT=${number}`) }));

/**
 * Until a container stands still, `date` is ahead by an hour. The clock of the wall itself is the machine's: a time namespace has only its
 * monotonic clocks (time_namespaces(7)).
 */
const fakeDate = `cat >/usr/local/sbin/date <<'END' && chmod 755 /usr/local/sbin/date
#!/bin/sh
grep -qs '^frozen 1' $(find /sys/fs/cgroup -name cgroup.events -path '*docker*') && exec /usr/bin/date "$@"
exec /usr/bin/date -d '+1 hour' "$@"
END`;

/**
 * CRIU's images have magic numbers and no checksum. A byte becomes its complement, at a place that is a share of the image in thousandths: 0 is its first
 * byte, within the magic, 1000 its last.
 */
const flip = (image: string, permille: number): Way => ({
  how: `${image}, byte at ${permille} ‰`,
  words: imageThere(
    image,
    `exec perl -e 'open my $f, "+<", $ARGV[0] or die; my $at = int((-s $f) * ${permille} / 1000); $at-- if $at == -s $f;
      seek $f, $at, 0; read($f, my $byte, 1) == 1 or die; seek $f, $at, 0; print {$f} ~$byte; close $f or die' "$f"`,
  ),
});
const cutShort = (image: string, bytes: number): Way => ({
  how: `${image}, ${bytes} bytes left`,
  words: imageThere(image, `truncate -s ${bytes} "$f"`),
});
const folders = '/run/transship/transship-*/images /var/lib/docker/containers/*/checkpoints/*/';
const imageThere = (image: string, act: string) =>
  `for i in $(seq 2000); do
    for f in $(ls -d ${folders} 2>/dev/null); do f=$f/${image}; [ ! -s "$f" ] || { ${act}; exit; }; done; sleep 0.002
  done; exit 1`;

const unmount = `while umount "$(awk '/ - tmpfs fault / { print $5 }' /proc/self/mountinfo | tail -n 1)" 2>/dev/null; do :; done`;

/** It stands there, its socket open, and answers nobody; what it was asked for it does when it goes on. By a freezer, which no SIGCONT ends. */
const holdDockerd =
  'held=/sys/fs/cgroup/held; mkdir -p $held; for p in $(pidof dockerd); do echo $p >$held/cgroup.procs; done; echo 1 >$held/cgroup.freeze';
const letDockerdGoOn = `held=/sys/fs/cgroup/held; echo 0 >$held/cgroup.freeze
  for p in $(cat $held/cgroup.procs); do echo $p >/sys/fs/cgroup$(sed -n s/^0:://p /proc/1/cgroup)/cgroup.procs; done; rmdir $held`;

/** From now on `date` is ahead by an hour. */
const fasterDate = `printf '#!/bin/sh\nexec /usr/bin/date -d "+1 hour" "$@"\n' >/usr/local/sbin/date && chmod 755 /usr/local/sbin/date`;
const ownDate = 'rm -f /usr/local/sbin/date';

export const faults: Readonly<Record<string, Fault>> = {
  'dockerd killed on the source': {
    on: 'a',
    at: ['files', 'dump', 'restore', 'tidy'],
    strike: [killDockerd],
    only: 'has no part in what happens on the destination, or on the way',
  },
  'dockerd killed on the destination': { on: 'b', at: anyTime, strike: [killDockerd] },
  'dockerd hangs on the source': {
    on: 'a',
    at: ['files', 'dump', 'tidy'],
    strike: [holdDockerd],
    mend: letDockerdGoOn,
    only: 'has no part in what happens on the destination, or on the way',
  },
  'dockerd hangs on the destination': {
    on: 'b',
    at: ['files', 'ready', 'restore', 'verify', 'rest', 'tidy'],
    strike: [holdDockerd],
    mend: letDockerdGoOn,
    only: 'is asked for nothing while the source is dumped and its images are on their way',
  },
  'containerd killed on the source': {
    on: 'a',
    at: ['dump', 'tidy'],
    strike: ['kill -9 $(pidof containerd)'],
    only: 'has its part while Docker dumps or removes',
  },
  'containerd killed on the destination': {
    on: 'b',
    at: ['ready', 'restore', 'rest'],
    strike: ['kill -9 $(pidof containerd)'],
    only: 'has its part from the start of the container on',
  },
  'shim killed on the destination': {
    on: 'b',
    at: ['dump', 'restore', 'verify', 'rest'],
    strike: [kill('containerd-shim-runc-v2 .*moby')],
    only: 'lives from the start of the container on; the shim of the source is the end of its container with or without a move: containerd kills it then',
  },
  'runc checkpoint killed': {
    on: 'a',
    at: ['dump'],
    strike: [kill('runc .*checkpoint')],
    only: 'lives in the dump',
    // of post-copy it may have done its part by then: CRIU goes on without it
    ends: ['rolled-back', 'migrated'],
  },
  'runc restore killed': {
    on: 'b',
    at: ['restore'],
    strike: [kill('runc .*restore')],
    only: 'lives in the restore',
    ends: ['rolled-back'],
  },
  'CRIU killed in the dump': {
    on: 'a',
    at: ['dump'],
    strike: [kill('^criu: dump')],
    only: 'lives in the dump',
    ends: ['rolled-back'],
  },
  'CRIU killed in the restore': {
    on: 'b',
    at: ['restore'],
    strike: [kill('^criu: restore')],
    only: 'lives in the restore',
    ends: ['rolled-back'],
  },
  'page server killed': {
    on: 'b',
    at: ['dump'],
    by: ['diskless'],
    strike: [kill('^criu page-server')],
    only: 'lives until the end of the dump, of this strategy alone',
    ends: ['rolled-back'],
  },
  'lazy-pages daemon killed': {
    on: 'b',
    at: ['dump', 'restore', 'verify', 'rest'],
    by: ['post-copy'],
    strike: [kill('^criu lazy-pages')],
    only: 'lives from before the freeze to the last page',
    ends: ['rolled-back'],
  },
  'CRIU killed that has the pages': {
    on: 'a',
    at: ['restore', 'verify', 'rest'],
    by: ['post-copy'],
    strike: [kill('^criu: dump')],
    only: 'lives until the last page has gone',
    ends: ['rolled-back'],
  },
  'dump script killed': {
    on: 'a',
    at: ['dump'],
    by: direct,
    strike: [kill('^bash .*/dump /run')],
    only: "ours, past Docker's own path, from the dump to the go",
    ends: ['rolled-back'],
  },
  'receiving script killed': {
    on: 'b',
    at: ['dump'],
    by: direct,
    strike: [kill('^bash .*/receive /run')],
    only: "ours, past Docker's own path, from the dump to the go",
    ends: ['rolled-back'],
  },
  'waiting runtime killed': {
    on: 'b',
    at: ['dump'],
    by: direct,
    strike: [kill('^bash .*/restore /run')],
    only: "ours, past Docker's own path, from the start to the end of the restore",
    ends: ['rolled-back'],
  },
  'ssh killed between the hosts': { on: 'a', at: anyTime, strike: ['pkill -9 -x ssh; true'] },
  'ssh killed to a host': {
    on: 'controller',
    at: anyTime,
    strike: [
      { how: 'to a', words: 'a' },
      { how: 'to b', words: 'b' },
    ],
  },
  'controller killed': { on: 'controller', at: anyTime, strike: ['self'] },
  'network cut between the hosts': {
    on: 'a',
    at: anyTime,
    strike: [
      'nft "add table inet fault; add chain inet fault in { type filter hook input priority -500; }; add chain inet fault out { type filter hook output priority -500; }; add rule inet fault in ip saddr 10.77.0.3 drop; add rule inet fault out ip daddr 10.77.0.3 drop"',
    ],
    mend: 'nft delete table inet fault',
  },
  'disk full on the destination': {
    on: 'b',
    at: ['files'],
    strike: ['d=$(docker inspect -f "{{.GraphDriver.Data.UpperDir}}" counter) && mount -t tmpfs -o size=4k fault "$d"'],
    mend: unmount,
    ends: ['rolled-back'],
    // a copy that was quicker than the strike has room, and Docker then cannot mount what lies on two file systems
    told: /No space left on device|error creating overlay mount/,
    only: "what fills it later is memory, but on Docker's own path",
  },
  'disk full under the checkpoint': {
    on: 'b',
    at: ['way'],
    by: ['docker'],
    strike: [
      'f=$(ls -dt /var/lib/docker/containers/* | head -n 1)/checkpoints; mkdir -p $f && mount -t tmpfs -o size=1m fault $f',
    ],
    mend: unmount,
    ends: ['rolled-back'],
    told: /No space left on device/,
    only: 'other strategies write no image to a disk',
  },
  'memory full for the images': {
    on: 'b',
    at: ['ready'],
    by: direct,
    strike: ['mount -o remount,size=64k $(ls -d /run/transship/transship-*/images)'],
    ends: ['rolled-back'],
    only: "images go to memory past Docker's own path, into a file system that is made one step before",
  },
  'memory full under /run': {
    on: 'b',
    at: ['files'],
    strike: ['mount -o remount,size=$(($(df -k --output=used /run | tail -n 1) + 4))k /run'],
    mend: 'mount -o remount,size=50% /run',
    ends: ['rolled-back', 'migrated'],
    only: 'after that all that goes there is there',
  },
  'image with a wrong byte at its head, or cut short': {
    on: 'b',
    at: ['way'],
    strike: [flip('core-1.img', 0), flip('pagemap-1.img', 0), cutShort('core-1.img', 20), flip('inventory.img', 0)],
    ends: ['rolled-back'],
    only: 'lies there between the way and the restore',
  },
  'image with a wrong byte within': {
    on: 'b',
    at: ['way'],
    strike: [flip('core-1.img', 500), flip('mm-1.img', 1000), flip('inventory.img', 500), flip('core-1.img', 1000)],
    ends: ['rolled-back'],
    only: 'lies there between the way and the restore',
  },
  'page with a wrong byte': {
    on: 'b',
    at: ['way'],
    by: ['docker', 'cold'],
    strike: [flip('pages-1.img', 500), flip('pages-1.img', 1000), flip('pages-1.img', 0), flip('pages-1.img', 333)],
    ends: ['rolled-back'],
    told: /pages-1\.img: not what was written on a/,
    only: 'of pages that go by CRIU itself, from memory to memory, there is no other copy to compare with: diskless, post-copy',
  },
  'CRIU of the destination older': {
    on: 'b',
    at: ['before'],
    strike: [wrapCriu('[ "$1" = --version ] && echo Version: 4.2 && exit')],
    mend: unwrapCriu,
    ends: ['migrated'],
    told: /CRIU 4\.2\.1 dumps, the older 4\.2 restores/,
    only: 'a version is looked at before',
  },
  'CPU of the destination lacks AVX2': {
    on: 'b',
    at: ['before'],
    strike: ["sed 's/ avx2 / /' /proc/cpuinfo >/run/cpuinfo && mount --bind /run/cpuinfo /proc/cpuinfo"],
    mend: 'umount /proc/cpuinfo; rm -f /run/cpuinfo',
    ends: ['refused'],
    told: /avx2/,
    only: 'a processor is looked at before',
  },
  "the source's clock put back by an hour": {
    on: 'a',
    at: ['before'],
    strike: [fakeDate],
    mend: ownDate,
    ends: ['migrated'],
    only: 'it is read before the freeze, and again in it',
  },
  "the source's clock put forward by an hour": {
    on: 'a',
    at: ['files', 'ready'],
    strike: [fasterDate],
    mend: ownDate,
    ends: ['migrated'],
    only: 'before that it is as ever, and later only the marks of bash tell the time, whose clock is that of the machine',
  },
  "the destination's clock put forward by an hour": {
    on: 'b',
    at: ['before', 'files', 'ready'],
    strike: [fasterDate],
    mend: ownDate,
    ends: ['migrated'],
    only: 'later only the marks of bash tell the time, whose clock is that of the machine',
  },
  'CRIU_FAULT in the dump': {
    on: 'a',
    at: ['before'],
    strike: criuFaults(1, 3, 5),
    mend: unwrapCriu,
    ends: ['rolled-back'],
    only: 'CRIU reads it when it is started',
  },
  'CRIU_FAULT in the restore': {
    on: 'b',
    at: ['before'],
    strike: criuFaults(6),
    mend: unwrapCriu,
    ends: ['rolled-back'],
    only: 'CRIU reads it when it is started',
  },
  'CRIU_FAULT that CRIU survives, source': {
    on: 'a',
    at: ['before'],
    strike: criuFaults(129, 130, 135, 137),
    mend: unwrapCriu,
    ends: ['migrated'],
    only: 'CRIU reads it when it is started',
  },
  'CRIU_FAULT that CRIU survives, destination': {
    on: 'b',
    at: ['before'],
    strike: criuFaults(127, 131, 133, 130),
    mend: unwrapCriu,
    ends: ['migrated'],
    only: 'CRIU reads it when it is started',
  },
};

export interface Cell {
  readonly strategy: Strategy;
  readonly moment: MomentName;
  readonly fault: string;
}

/** What can happen at all. `rest` is of post-copy alone, which has its memory to come after the container has gone on. */
export function possibleCells(): readonly Cell[] {
  const names = Object.keys(moments) as MomentName[];
  return Object.entries(faults).flatMap(([fault, { at, by = strategies }]) =>
    names
      .filter((moment) => at.includes(moment))
      .flatMap((moment) =>
        by.filter((strategy) => moment !== 'rest' || strategy === 'post-copy').map((strategy) => ({ strategy, moment, fault })),
      ),
  );
}
