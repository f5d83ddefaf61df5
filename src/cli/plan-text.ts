import type { Host } from '../hosts/host.ts';
import { formatBytes } from '../hosts/sizes.ts';
import { recordOf } from '../migrate/choice/prediction.ts';
import { rowsOf, type StrategyRow, type Survey } from '../migrate/choice/survey.ts';
import { downtimeWords, factSentences } from '../migrate/choice/words.ts';
import type { Plan } from '../migrate/plan.ts';
import type { StrategyName } from '../migrate/strategies/names.ts';
import { framelessTable } from './frameless-table.ts';
import { escapeText } from './terminal.ts';

/** `--dry-run --format json`. */
export function planDocument(plan: Plan, source: Host, destination: Host): object {
  return {
    schema: 'transship.plan/1',
    container: plan.container,
    source: source.name,
    destination: destination.name,
    strategy: plan.options.strategy,
    isPlain: plan.options.isPlain,
    strategies: rowsOf(plan.survey).map(rowDocument),
    facts: plan.survey.facts,
    steps: plan.steps.map(({ name, on, about }) => ({ step: name, on, about })),
    unequal: plan.create.unequal,
    warnings: plan.warnings,
    checks: plan.checks,
  };
}

function rowDocument({ obstacles, isTaken, prediction, why }: StrategyRow): object {
  return {
    ...recordOf(prediction),
    isPossible: obstacles && obstacles.length === 0,
    isTaken,
    missing: prediction.missing,
    why,
  };
}

const ways: Readonly<Record<StrategyName, string>> = {
  docker: "Docker's own path, the source kept frozen until the destination runs",
  cold: 'cold: images of all the memory, then restored there',
  diskless: "diskless: the memory straight into the destination's",
  'pre-copy': 'pre-copy: the memory while it runs, what it changed meanwhile while it stands still',
  hybrid: 'hybrid: the memory while it runs, what it changed meanwhile after it runs there',
  'post-copy': 'post-copy: it runs there first, and its memory follows',
};

export async function renderPlan(plan: Plan, source: Host, destination: Host): Promise<string> {
  const way = plan.options.isPlain ? "Docker's own path, plain: the dump kills the source" : ways[plan.options.strategy];
  const hosts = { source: source.name, destination: destination.name, both: '⇄' };
  return [
    `plan      ${escapeText(plan.container.name)}: ${source.name} → ${destination.name}, ${way}`,
    ...plan.steps.map(({ name, on, about }) => `  ${name.padEnd(22)} ${hosts[on].padEnd(6)} ${about}`),
    ...plan.create.unequal.map((note) => `unequal   ${escapeText(note)}`),
    ...plan.warnings.map((warning) => `warning   ${escapeText(warning)}`),
    ...factSentences(plan.survey.facts).map((fact) => `fact      ${escapeText(fact)}`),
    await renderStrategies(plan.survey),
    'nothing was changed',
  ].join('\n');
}

async function renderStrategies(survey: Survey): Promise<string> {
  const rows = rowsOf(survey).map(({ strategy, obstacles, isTaken, prediction, why }) => [
    strategy,
    isTaken ? 'taken' : obstacles?.length === 0 ? 'possible' : 'no',
    downtimeWords(prediction.downtimeMs),
    prediction.bytes === null ? 'unknown' : formatBytes(prediction.bytes.likely),
    escapeText(why),
  ]);
  return await framelessTable([['strategy', '', 'downtime', 'memory', 'why'], ...rows]);
}

/** What `auto` has chosen, and why not another, with the prediction of each. Nothing where the user chose. */
export function renderChoice(survey: Survey): readonly string[] {
  if (!survey.isAuto) return [];
  const taken = rowsOf(survey).filter(({ isTaken }) => isTaken);
  const others = rowsOf(survey).filter(({ isTaken }) => !isTaken);
  const line = ({ strategy, prediction, why }: StrategyRow) => `${strategy}, ${downtimeWords(prediction.downtimeMs)}: ${why}`;
  return [
    ...taken.map((row) => `auto      ${escapeText(line(row))}`),
    ...others.map((row) => `  not     ${escapeText(line(row))}`),
    ...factSentences(survey.facts).map((fact) => `  as      ${escapeText(fact)}`),
  ];
}
