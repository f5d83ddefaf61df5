import type { StrategyName } from '../strategies/names.ts';
import { overlap } from './interval.ts';
import type { Prediction } from './prediction.ts';
import { downtimeWords } from './words.ts';

/** A strategy, looked at for this container and these hosts. */
export interface Candidate {
  readonly strategy: StrategyName;
  readonly prediction: Prediction;
  /** Why it cannot be taken, by the checks; null: nobody looked. */
  readonly obstacles: readonly string[] | null;
}

export interface Choice {
  readonly strategy: StrategyName;
  readonly why: string;
  readonly others: readonly { readonly strategy: StrategyName; readonly why: string }[];
}

/** Where predictions cannot tell two apart: the fewest copies of the memory, and the fewest hands that it goes through. */
const preference: readonly StrategyName[] = ['diskless', 'cold', 'docker'];

/** What speaks for the strategy, and what against it. */
const traits: Readonly<Record<StrategyName, readonly [string, string]>> = {
  docker: ['it needs nothing of ours on the hosts', "Docker's content store packs and unpacks all of the memory on both hosts"],
  cold: ['images over ssh, one stream', 'a second copy of the memory lies on the source meanwhile'],
  diskless: ["the memory goes straight into the destination's, with no second copy on the source", ''],
  'pre-copy': [
    'nothing else can be taken here',
    'how long it stands still hangs on how much it writes meanwhile, which is not known before',
  ],
  hybrid: ['', 'what follows when it runs there hangs on how much it writes meanwhile, which is not known before'],
  'post-copy': [
    'it runs there before its memory has come, and no other is as quick',
    'pages come as they are touched, each a wait for the network, and a link that breaks meanwhile leaves the newest state on two hosts',
  ],
};

/** Pure. `auto`: the shortest expected downtime that can be had here; post-copy only where that was allowed. */
export function choose(candidates: readonly Candidate[], allowed: { readonly postCopy: boolean }): Choice {
  const possible = candidates.filter(({ obstacles }) => obstacles?.length === 0);
  const still = preference.flatMap((name) => possible.filter(({ strategy }) => strategy === name));
  const lazy = possible.find(({ strategy }) => strategy === 'post-copy');
  const taken = allowed.postCopy && lazy !== undefined && isQuicker(lazy, still) ? lazy : (bestOf(still) ?? leastBad(candidates));
  return {
    strategy: taken.strategy,
    why: whyTaken(taken, still),
    others: candidates
      .filter((one) => one !== taken)
      .map((one) => ({ strategy: one.strategy, why: whyNot(one, taken, allowed.postCopy) })),
  };
}

/** Of those that are in order of preference, the first that may be the quickest. */
function bestOf(still: readonly Candidate[]): Candidate | undefined {
  const known = still.filter(({ prediction }) => prediction.downtimeMs !== null);
  const [first, ...rest] = known;
  if (first === undefined) return still[0];
  const quickest = rest.reduce((best, one) => (likely(one) < likely(best) ? one : best), first);
  return known.find((one) => isAbout(one, quickest)) ?? quickest;
}

function isQuicker(lazy: Candidate, still: readonly Candidate[]): boolean {
  return lazy.prediction.downtimeMs !== null && still.every((one) => likely(lazy) < likely(one));
}

function likely({ prediction }: Candidate): number {
  return prediction.downtimeMs?.likely ?? Number.POSITIVE_INFINITY;
}

function isAbout(a: Candidate, b: Candidate): boolean {
  const [one, other] = [a.prediction.downtimeMs, b.prediction.downtimeMs];
  return one !== null && other !== null && overlap(one, other);
}

/** Nothing that can be predicted can be taken: pre-copy if that can, else the one with the fewest obstacles, whose checks then refuse. */
function leastBad(candidates: readonly Candidate[]): Candidate {
  const count = ({ obstacles }: Candidate) => obstacles?.length ?? Number.POSITIVE_INFINITY;
  const ordered = [...preference, 'pre-copy'].flatMap((name) => candidates.filter(({ strategy }) => strategy === name));
  const [first, ...rest] = ordered;
  if (first === undefined) throw new RangeError('nothing to choose from');
  return rest.reduce((best, one) => (count(one) < count(best) ? one : best), first);
}

function whyTaken(taken: Candidate, still: readonly Candidate[]): string {
  const [first] = taken.obstacles ?? [];
  if (first !== undefined) return `no strategy can be taken; this one lacks least: ${first}`;
  const [good] = traits[taken.strategy];
  const rivals = still.filter((one) => one !== taken);
  const even = rivals.filter((one) => isAbout(one, taken) && likely(one) < likely(taken)).map(({ strategy }) => strategy);
  const about = even.length === 0 ? '' : `; ${even.join(' and ')} may be quicker, within what can be predicted`;
  return `${good}${taken.strategy === 'post-copy' ? '' : about}`;
}

function whyNot(one: Candidate, taken: Candidate, isPostCopyAllowed: boolean): string {
  const [good, bad] = traits[one.strategy];
  if (one.obstacles === null) return bad || good;
  if (one.obstacles.length > 0) return one.obstacles.join('; ');
  if (one.strategy === 'post-copy') {
    const quick = one.prediction.downtimeMs === null ? 'its downtime cannot be predicted' : `${taken.strategy} is as quick`;
    return isPostCopyAllowed ? quick : `only with --allow-post-copy: ${bad}`;
  }
  const longer = likely(one) > likely(taken) ? `longer than ${taken.strategy} by about ${slower(one, taken)}` : '';
  return [longer, bad].filter((words) => words !== '').join(': ') || good;
}

function slower(one: Candidate, taken: Candidate): string {
  const [a, b] = [one.prediction.downtimeMs, taken.prediction.downtimeMs];
  if (a === null || b === null) return 'nobody knows how much';
  const ms = a.likely - b.likely;
  return downtimeWords({ low: ms, likely: ms, high: ms }).replace(/ \(.*/, '');
}
