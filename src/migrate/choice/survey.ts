import type { Host } from '../../hosts/host.ts';
import type { Inspect } from '../equal/inspect.ts';
import { type Examined, type ExamineRequest, examine, refuseFailed } from '../examine.ts';
import { type StrategyName, strategyNames } from '../strategies/names.ts';
import { type Candidate, type Choice, choose } from './choose.ts';
import { type Facts, readFacts } from './facts.ts';
import { predictAll } from './prediction.ts';
import { whyNoRounds } from './write-rate.ts';

/** What was found out before the move about how to move. */
export interface Survey {
  readonly facts: Facts;
  readonly candidates: readonly Candidate[];
  /** What `auto` takes; null where only the strategy that was asked for was examined. */
  readonly choice: Choice | null;
  readonly taken: StrategyName;
  readonly isAuto: boolean;
}

export interface SurveyRequest {
  readonly source: Host;
  readonly destination: Host;
  readonly inspect: Inspect;
  readonly options: ExamineRequest['options'] & { readonly strategy: StrategyName | 'auto'; readonly plainPages: boolean };
  /** `auto` may take post-copy. */
  readonly isPostCopyAllowed?: boolean;
  /** Every strategy is examined, as it is for `auto`: to be shown. */
  readonly isSurvey?: boolean;
}

/**
 * Reads only, but for `auto`'s look at how much is written (write-rate.ts).
 * @throws TransshipError `not-ready`: why the strategy that was asked for, or the best that there is, cannot be taken
 */
export async function surveyFor(request: SurveyRequest): Promise<{ readonly survey: Survey; readonly examined: Examined }> {
  const { strategy } = request.options;
  if (strategy === 'auto' || request.isSurvey) return await surveyAll(request);
  const examined = await examineOne(request, strategy);
  refuseFailed(examined.checks);
  const facts = await factsOf(request);
  const candidates = predictAll(facts).map((prediction) => ({ strategy: prediction.strategy, prediction, obstacles: null }));
  return { survey: { facts, candidates, choice: null, taken: strategy, isAuto: false }, examined };
}

/** Every check, once for each strategy: what stands in the way of one need not matter to another. */
async function surveyAll(request: SurveyRequest): Promise<{ readonly survey: Survey; readonly examined: Examined }> {
  const all = new Map<StrategyName, Examined>();
  for (const strategy of strategyNames) all.set(strategy, await examineOne(request, strategy));
  const facts = await factsOf(request);
  const candidates = predictAll(facts).map((prediction) => {
    const failed = all.get(prediction.strategy)?.checks.filter(({ status }) => status === 'fail') ?? [];
    // what one command mends is said with it; the others' hints stand in doctor
    const obstacles = failed.map(({ name, host, found, hint }) => `${host}: ${found}${name === 'runtime' ? ` (${hint})` : ''}`);
    return {
      strategy: prediction.strategy,
      prediction,
      obstacles: [...obstacles, ...obstacleOfRounds(prediction.strategy, facts)],
    };
  });
  const choice = choose(candidates, { postCopy: request.isPostCopyAllowed ?? false });
  const { strategy } = request.options;
  const taken = strategy === 'auto' ? choice.strategy : strategy;
  const examined = all.get(taken);
  if (examined === undefined) throw new RangeError(`no strategy '${taken}'`);
  refuseFailed(examined.checks);
  return { survey: { facts, candidates, choice, taken, isAuto: strategy === 'auto' }, examined };
}

function examineOne({ source, destination, inspect, options }: SurveyRequest, strategy: StrategyName): Promise<Examined> {
  return examine({ source, destination, inspect, options: { ...options, strategy } });
}

/** Rounds that have all to send again only cost time. */
function obstacleOfRounds(strategy: StrategyName, { writes, linkBytesPerS }: Facts): readonly string[] {
  if (writes === null || !(strategy === 'pre-copy' || strategy === 'hybrid')) return [];
  return [whyNoRounds(writes, linkBytesPerS) ?? []].flat();
}

function factsOf({ source, destination, inspect, options, isSurvey }: SurveyRequest): Promise<Facts> {
  const looksAtWrites = options.strategy === 'auto' && !isSurvey;
  return readFacts({ source, destination, containerId: inspect.Id, arePagesPlain: options.plainPages, looksAtWrites });
}

/** One line for each strategy, to be read side by side. */
export interface StrategyRow extends Candidate {
  readonly isTaken: boolean;
  readonly why: string;
}

/** Pure. In the order of their names' list. */
export function rowsOf({ candidates, choice, taken, isAuto }: Survey): readonly StrategyRow[] {
  return candidates.map((candidate) => {
    const { strategy, obstacles } = candidate;
    const of = choice?.strategy === strategy ? choice.why : choice?.others.find((one) => one.strategy === strategy)?.why;
    const isTaken = strategy === taken;
    const why = isTaken && !isAuto ? 'asked for' : (of ?? '');
    const isSuggested = !isAuto && !isTaken && choice?.strategy === strategy && obstacles?.length === 0;
    return { ...candidate, isTaken, why: isSuggested ? `what auto would take: ${why}` : why };
  });
}
