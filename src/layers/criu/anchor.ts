import type { CriuFilesRecord } from '../../evidence/records.ts';
import { fileTickNs, type Ns, nsPerS, usToNs } from '../../trace/time.ts';
import type { LogDigest } from './log-digest.ts';

/** Where CRIU's zero lies on the wall clock of its host: the truth is within `boundNs` of `zeroNs`. */
export interface Anchor {
  readonly zeroNs: Ns;
  readonly means: string;
  readonly boundNs: Ns;
}

export interface AnchorInput {
  readonly digest: LogDigest;
  /** The log's own name in `files`, and that of its statistics. */
  readonly logName: string;
  readonly statsName: string;
  readonly files: CriuFilesRecord | null;
  /** Boot time written into `timens-0.img` at the dump, by the clock of the host. */
  readonly boottimeNs: Ns | null;
  /** Where zero can lie by what was seen of the growing log. */
  readonly samples?: readonly Pick<Interval, 'startNs' | 'endNs'>[];
}

interface Interval {
  readonly startNs: Ns;
  readonly endNs: Ns;
  readonly means: string;
}

/** Zero by the time image came out 0.08 to 0.37 ms early. */
const timensNs = 500_000n;
const unknownBoundNs = 86_400n * nsPerS;

/** The narrowest that the evidence allows; without any evidence zero is 1970, and the bound says that nothing is known. */
export function anchorOf(input: AnchorInput): Anchor {
  const told = input.files?.files.find(({ name }) => name === input.logName);
  if (told?.zeroNs !== undefined)
    return { zeroNs: BigInt(told.zeroNs), means: 'given with --at', boundNs: BigInt(told.zeroBoundNs ?? 0) };
  const byFiles = intersect(fileIntervals(input));
  const byImage = imageInterval(input);
  const isSameBoot = byFiles === null || byImage === null || distance(byFiles, byImage) < nsPerS;
  const bySamples = intersect((input.samples ?? []).map((sample) => ({ ...sample, means: 'places of the growing log' })));
  const best =
    byImage !== null && isSameBoot ? byImage : intersect(bySamples === null ? list(byFiles) : [bySamples, ...list(byFiles)]);
  if (best === null) return { zeroNs: 0n, means: 'none', boundNs: unknownBoundNs };
  const boundNs = (best.endNs - best.startNs) / 2n;
  return { zeroNs: best.startNs + boundNs, means: best.means, boundNs };
}

function imageInterval({ digest, files, boottimeNs }: AnchorInput): Interval | null {
  const at = digest.marks.find((mark) => /^cg: Dumping \d+ sets|^cg: All tasks in criu's/.test(mark.text));
  if (boottimeNs === null || at === undefined || !files?.realtimeMinusBoottimeNs) return null;
  const startNs = boottimeNs + BigInt(files.realtimeMinusBoottimeNs) - usToNs(at.us);
  return { startNs, endNs: startNs + timensNs, means: 'boot time in the timens image' };
}

/** Each file's time is a moment that the log names, too. The log's own comes first: the others may only narrow it. */
function fileIntervals({ digest, logName, statsName, files }: AnchorInput): readonly Interval[] {
  const at = (pattern: RegExp) => digest.marks.findLast((mark) => pattern.test(mark.text))?.us;
  const moments: readonly [string, number | undefined][] = [
    [logName, digest.endUs],
    [statsName, at(/^Writing stats/)],
    ['inventory.img', digest.kind === 'dump' ? at(/^Writing image inventory/) : undefined],
  ];
  const found = moments.flatMap(([name, us]) => {
    const file = files?.files.find((one) => one.name === name);
    if (!file?.mtimeNs || us === undefined) return [];
    return interval(BigInt(file.mtimeNs) - usToNs(us), `time of ${name}`, BigInt(file.resolutionNs ?? 0));
  });
  const birthNs = files?.files.find((file) => file.name === logName)?.birthNs;
  return birthNs ? [...found, interval(BigInt(birthNs), `birth of ${logName}`)] : found;
}

function interval(startNs: Ns, means: string, resolutionNs: Ns = 0n): Interval {
  return { startNs, endNs: startNs + fileTickNs + resolutionNs, means };
}

function list(interval: Interval | null): readonly Interval[] {
  return interval === null ? [] : [interval];
}

/** An interval that misses the others (a file that was there before, a copied one) is left out. */
function intersect(intervals: readonly Interval[]): Interval | null {
  let common: Interval | null = null;
  for (const next of intervals) {
    const startNs: Ns = common !== null && common.startNs > next.startNs ? common.startNs : next.startNs;
    const endNs: Ns = common !== null && common.endNs < next.endNs ? common.endNs : next.endNs;
    if (startNs <= endNs)
      common = {
        startNs,
        endNs,
        means: common === null || common.means === next.means ? next.means : `${common.means}, ${next.means}`,
      };
  }
  return common;
}

function distance(a: Interval, b: Interval): Ns {
  const gap = a.startNs > b.endNs ? a.startNs - b.endNs : b.startNs - a.endNs;
  return gap > 0n ? gap : 0n;
}
