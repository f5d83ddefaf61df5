import type { StrategyName } from '../strategies/names.ts';
import type { Interval } from './interval.ts';

/**
 * A part of the downtime: a fixed cost, one that grows with the memory that is dumped (ms a megabyte of 10^6 bytes), or with the time
 * that the memory needs on the link; where it is both, the slower of the two.
 */
export interface Cost {
  readonly part: string;
  readonly fixedMs: Interval;
  readonly msPerMb: Interval;
  /** `ssh`: at the speed that ssh was seen to have. `wire`: at least as fast. */
  readonly over: 'ssh' | 'wire' | null;
  /** Of which memory the megabytes are: all of it unless told, or what rounds have left to be sent while it stands still. */
  readonly of?: 'left';
  /** What was measured, and on what. */
  readonly source: string;
}

const between = (low: number, likely: number, high: number): Interval => ({ low, likely, high });
const nothing = between(0, 0, 0);

/*
 * All of it was measured on two hosts in namespaces of one busy machine with 2 cores: Debian 13, Docker 26.1.5, runc 1.1.15, CRIU 4.2.1,
 * kernel 6.18; a process with 42, 315 and 1,050 MB to dump, 2-3 moves each, and a Redis with 196 MB. The marks are those of
 * src/wrap/host (evidence/HOST/marks.log), the steps those of the journal. An interval holds what was seen, and room for
 * hosts that are two or three times as fast: its low end is what --downtime-limit refuses by.
 */
const restore: Cost = {
  part: 'restore',
  fixedMs: between(90, 170, 280),
  msPerMb: between(0.15, 0.7, 3),
  over: null,
  source: 'runtime.restore … runtime.restored: 174-322 ms for 42 MB, 337-510 for 315, 0.87-3.14 s for 1,050',
};

const handOver: Cost = {
  part: 'hand over',
  fixedMs: between(5, 15, 50),
  msPerMb: nothing,
  over: null,
  source: 'dump.send … runtime.restore: 3-10 ms, and cgroup.img is rewritten',
};

const pageServer = (name: string, fixedMs: Interval, msPerMb: Interval, seen: string): Cost => ({
  part: `dump to the page server, ${name}`,
  fixedMs,
  msPerMb,
  over: 'wire',
  source: `dump.frozen … dump.images-ready: ${seen}; less the 170 ms in which CRIU's last word waited in a corked socket, which stay where the kernel has no pidfd_getfd`,
});

const pages = {
  tls: pageServer(
    'TLS',
    between(60, 100, 400),
    between(0.6, 2.4, 4),
    '375-479 ms for 42 MB, 0.95-1.54 s for 315, 2.57-3.60 for 1,050',
  ),
  plain: pageServer(
    'plain',
    between(60, 80, 380),
    between(0.3, 1.2, 2.2),
    '285-380 ms for 42 MB, 613-851 for 315, 1.35-2.48 s for 1,050',
  ),
} as const;

const docker: readonly Cost[] = [
  {
    part: 'pause, changed files, ids',
    fixedMs: between(60, 490, 900),
    msPerMb: nothing,
    over: null,
    source: 'steps pause, copy-layer-changes, rewrite-cgroup-ids: 28-81, 419-452 and 12-14 ms',
  },
  {
    part: 'checkpoint, packed and unpacked by the content store',
    fixedMs: between(150, 350, 800),
    msPerMb: between(4, 16, 24),
    over: null,
    source: 'step checkpoint: 1.07 s for 42 MB, 5.01 for 315, 22.0 for 1,050 (50-60 MB/s)',
  },
  {
    part: 'images over ssh',
    fixedMs: between(40, 150, 300),
    msPerMb: nothing,
    over: 'ssh',
    source: 'step copy-images: 284 ms for 42 MB, 819 for 315, 3095 for 1,050, where ssh carried 350-430 MB/s',
  },
  {
    part: 'start from the content store',
    fixedMs: between(150, 270, 600),
    msPerMb: between(3, 12.5, 20),
    over: null,
    source: 'step start: 772 ms for 42 MB, 3.92 s for 315, 18.5 for 1,050',
  },
];

const dump: Cost = {
  part: 'dump into memory',
  fixedMs: between(70, 130, 250),
  msPerMb: between(0.15, 0.6, 1.8),
  over: null,
  source: 'dump.frozen … dump.images-ready: 137-223 ms for 42 MB, 240-468 for 315, 582-1638 for 1,050',
};

const images: Cost = {
  part: 'images over ssh',
  fixedMs: between(3, 20, 80),
  msPerMb: nothing,
  over: 'ssh',
  source: 'dump.send … dump.images-sent: 97-247 ms for 42 MB, 0.72-1.43 s for 315, 2.99-3.80 for 1,050',
};

const cold: readonly Cost[] = [dump, images, handOver, restore];

const dumpWithoutPages: Cost = {
  part: 'dump without pages',
  fixedMs: between(70, 150, 320),
  msPerMb: between(0.01, 0.06, 0.15),
  over: null,
  source: 'dump.frozen … dump.images-ready: 123-249 ms for 42 MB, 134-326 for 315, 139-247 for 1,050: CRIU walks the page map',
};

/** By the parts of cold and of post-copy: a chain of rounds was played on emulated hosts alone, whose milliseconds are none of these. */
const preCopy: readonly Cost[] = [
  { ...dumpWithoutPages, part: 'page map of all memory', fixedMs: nothing },
  { ...dump, of: 'left' },
  { ...images, of: 'left' },
  handOver,
  restore,
];

const postCopy: readonly Cost[] = [
  dumpWithoutPages,
  {
    part: 'hand over, page daemon',
    fixedMs: between(10, 25, 60),
    msPerMb: nothing,
    over: null,
    source: 'dump.send … runtime.restore: 13-40 ms, of it criu lazy-pages 7-15, which has been started ahead since',
  },
  {
    part: 'restore without pages',
    fixedMs: between(80, 180, 300),
    msPerMb: nothing,
    over: null,
    source: 'runtime.restore … runtime.restored: 136-233 ms, whatever the memory',
  },
];

/** What rounds have sent is restored at once, all else comes when it runs again. */
const hybrid: readonly Cost[] = [
  ...postCopy,
  { ...restore, part: 'pages of the rounds', fixedMs: nothing, msPerMb: { ...restore.msPerMb, low: 0 } },
];

/** What the downtime of a strategy is made of. */
export function costsOf(strategy: StrategyName, arePagesPlain: boolean): readonly Cost[] {
  const diskless = [arePagesPlain ? pages.plain : pages.tls, handOver, restore];
  return { docker, cold, diskless, 'pre-copy': preCopy, 'post-copy': postCopy, hybrid }[strategy];
}
