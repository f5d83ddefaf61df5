import type { Host } from '../hosts/host.ts';
import type { Plan } from '../migrate/plan.ts';
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
    steps: plan.steps.map(({ name, on, about }) => ({ step: name, on, about })),
    unequal: plan.create.unequal,
    warnings: plan.warnings,
    checks: plan.checks,
  };
}

export function renderPlan(plan: Plan, source: Host, destination: Host): string {
  const way = plan.options.isPlain
    ? "Docker's own path, plain: the dump kills the source"
    : "Docker's own path, the source kept frozen until the destination runs";
  const hosts = { source: source.name, destination: destination.name, both: '⇄' };
  return [
    `plan      ${escapeText(plan.container.name)}: ${source.name} → ${destination.name}, ${way}`,
    ...plan.steps.map(({ name, on, about }) => `  ${name.padEnd(22)} ${hosts[on].padEnd(6)} ${about}`),
    ...plan.create.unequal.map((note) => `unequal   ${escapeText(note)}`),
    ...plan.warnings.map((warning) => `warning   ${escapeText(warning)}`),
    'nothing was changed',
  ].join('\n');
}
