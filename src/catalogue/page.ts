import { gapCauses } from '../layers/criu/gap-causes.ts';
import { inferenceRules } from '../trace/inference-rules.ts';
import { services } from '../trace/layer-spans.ts';
import { leafCauses } from '../trace/leaf-causes.ts';
import { attributeCatalogue } from './attributes.ts';
import { eventCatalogue } from './events.ts';
import { operationCatalogue } from './operations.ts';
import { serviceCatalogue } from './services.ts';

/** The text of docs/spans.md. */
export function spansPage(): string {
  return [
    '# What can stand in a trace?',
    `Made by \`npm run docs:spans\` from \`src/catalogue/\`, which reads the tables that the spans are made from. A test compares the two, and
fails on a service, operation, event or attribute that is emitted and not listed, or listed and never emitted.`,
    '## Services',
    `One a layer, with \`host.name\` in the resource (a process tag in Jaeger).`,
    table(
      ['service', 'what it is', 'read from'],
      services.map((service) => [code(service), serviceCatalogue[service].meaning, serviceCatalogue[service].source]),
    ),
    '## Operations',
    `The same names in every run; pids, paths and rounds are attributes, so that Jaeger's compare and statistics group them. \`*\` stands for
words of the evidence. *Waits*: it holds what others do, or waits for it, and explains nothing by itself.`,
    ...services.flatMap((service) => [
      `### ${service}`,
      table(
        ['operation', 'waits', 'what it is', 'source'],
        operationCatalogue
          .filter((entry) => entry.service === service)
          .map(({ name, meaning, source, isWait }) => [code(name), isWait ? 'yes' : '', meaning, code(source)]),
      ),
    ]),
    '## Events',
    table(
      ['event', 'what it is', 'source'],
      eventCatalogue.map(({ name, meaning, source }) => [code(name), meaning, source]),
    ),
    '## Attributes',
    `OpenTelemetry's names where there are any, else \`migration.*\` (ours) and \`criu.*\` (statistics as CRIU spells them). Files and functions
of CRIU as in 4.1.1.`,
    table(
      ['attribute', 'type', 'unit', 'what it is', 'source'],
      attributeCatalogue.map(({ name, type, unit, meaning, source }) => [code(name), type, unit ?? '', meaning, source]),
    ),
    ...reasons(),
  ]
    .join('\n\n')
    .concat('\n');
}

function reasons(): readonly string[] {
  return [...causes(), ...inferences()];
}

function causes(): readonly string[] {
  const ofCriu = new Map(gapCauses.map(({ what, source }) => [what, source]));
  const listed = Object.values(leafCauses).map(({ what, source }): readonly string[] => [what, code(source)]);
  return [
    '## Causes',
    `What \`migration.cause\` can say (\`src/trace/leaf-causes.ts\`), where tables name a row: of CRIU's phases only those of 1 ms and more. Where most of a phase is one
silence of the log, and its two lines tell what CRIU does in it, that is said instead (\`src/layers/criu/gap-causes.ts\`, the second table). While CRIU waits for runc, the cause is
what the notification means (\`runc.notify.*\` above). A leaf over 10 % of the downtime that has neither bytes nor a cause, nor a rule's reason (next section), fails the tests.`,
    table(['cause', 'source'], listed),
    table(
      ['cause, by a silence of CRIU’s log', 'source'],
      [...ofCriu].map(([what, source]) => [what, code(source)]),
    ),
  ];
}

function inferences(): readonly string[] {
  return [
    '## What is inferred, and why',
    `The one list of what \`migration.inferred.reason\` can say (\`src/trace/inference-rules.ts\`). Where a row holds stand the tables that are walked: between
two lines of dockerd's log (\`src/layers/dockerd/rules.ts\`), between two of the daemons' own spans (\`src/layers/native/stretches.ts\`), and in stretches in which
nobody speaks (\`src/trace/gap-rules.ts\`). A test fails on a reason that comes from elsewhere, and on a row that no table uses.`,
    table(
      ['rule', 'why nothing else happens there', 'source'],
      Object.entries(inferenceRules).map(([rule, { reason, source }]) => [code(rule), reason, code(source)]),
    ),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
