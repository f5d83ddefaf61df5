import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AttributeEntry, attributeCatalogue } from '../../src/catalogue/attributes.ts';
import { eventCatalogue } from '../../src/catalogue/events.ts';
import { isNamed, patternOf } from '../../src/catalogue/names.ts';
import { operationCatalogue } from '../../src/catalogue/operations.ts';
import { spansPage } from '../../src/catalogue/page.ts';
import { underTheHoodPage } from '../../src/catalogue/under-the-hood.ts';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { openRun } from '../../src/evidence/open-run.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { exportedAttributes } from '../../src/export/process-groups.ts';
import { spansOf } from '../../src/layers/criu/spans.ts';
import { inferenceRules } from '../../src/trace/inference-rules.ts';
import { services } from '../../src/trace/layer-spans.ts';
import { leafCauses } from '../../src/trace/leaf-causes.ts';
import { savingRules } from '../../src/trace/saving-rules.ts';
import type { Span } from '../../src/trace/span.ts';
import { unexplainedName } from '../../src/trace/trace-leaves.ts';
import { readCase, recordedCases } from '../recorded/criu-cases.ts';
import {
  attributeNames,
  causesUsed,
  type EmittedName,
  eventNames,
  inferencesUsed,
  serviceWords,
  spanNames,
  statisticsFields,
} from './emitted-names.ts';

type Named = readonly { readonly name: string }[];

/** A pattern of the sources is listed when a listed name is of its form; a name when it is of a listed form. */
function unlisted(emitted: readonly EmittedName[], entries: Named): readonly string[] {
  const isListed = (name: string) =>
    isNamed(entries, name) || (name.includes('*') && entries.some((entry) => patternOf(name).test(entry.name)));
  return emitted.filter(({ name }) => name !== '*' && !isListed(name)).map(({ name, place }) => `${place}: ${name}`);
}

function unemitted(entries: Named, emitted: readonly EmittedName[]): readonly string[] {
  const isEmitted = (listed: string) =>
    emitted.some(({ name }) => name !== '*' && (name === listed || patternOf(name).test(listed) || patternOf(listed).test(name)));
  return entries.map(({ name }) => name).filter((name) => !isEmitted(name));
}

/** A pre-dump has a dump's phases under its own name (pre-dump-phases.ts): the table's function `renamed` gives them. */
function withRenamed(names: readonly EmittedName[]): readonly EmittedName[] {
  const renamed = names.filter(({ name }) => name.startsWith('criu.dump.'));
  return [...names, ...renamed.map(({ name, place }) => ({ name: name.replace('criu.dump.', 'criu.pre-dump.'), place }))];
}

const operations = spanNames();

test('a span’s name is a literal, a template, or a row of a typed table', () => {
  expect(operations.length).toBeGreaterThan(100);
  expect(operations.filter(({ name }) => name === '*').map(({ place }) => place)).toEqual([]);
});

test('operations: none is emitted and not listed, none is listed and never emitted', () => {
  expect(unlisted(operations, operationCatalogue)).toEqual([]);
  expect(unemitted(operationCatalogue, withRenamed(operations))).toEqual([]);
});

test('events: the same', () => {
  expect(unlisted(eventNames(), eventCatalogue)).toEqual([]);
  expect(unemitted(eventCatalogue, eventNames())).toEqual([]);
});

test('attributes: the same; of CRIU’s statistics each field is listed', () => {
  const attributes = attributeNames();
  const fields = statisticsFields();
  expect([attributes.length > 50, fields.length > 15]).toEqual([true, true]);
  expect(unlisted(attributes, attributeCatalogue)).toEqual([]);
  const exact = attributes.flatMap((one) =>
    one.name === 'criu.stats.*' ? fields.map((field) => ({ ...one, name: `criu.stats.${field}` })) : one,
  );
  expect(unlisted(exact, attributeCatalogue)).toEqual([]);
  // a line of the log: the one key without a dot
  const events = [{ name: 'message', place: 'src/layers/criu/spans.ts' }];
  expect(unemitted(attributeCatalogue, [...exact, ...events])).toEqual([]);
});

test('inferences: the reason is written in one place, by the name of a row; every row is named by a table or a layer', () => {
  const written = attributeNames().filter(({ name }) => name === 'migration.inferred.reason');
  expect(written.map(({ place }) => place.replace(/:\d+$/, ''))).toEqual(['src/trace/inference-rules.ts']);
  expect([...inferencesUsed()].sort()).toEqual(Object.keys(inferenceRules).sort());
});

test('causes: the same; the compiler refuses a name that is no row', () => {
  const written = attributeNames().filter(({ name }) => name === 'migration.cause');
  expect(written.map(({ place }) => place.replace(/:\d+$/, ''))).toEqual(['src/trace/leaf-causes.ts']);
  const used = causesUsed();
  expect(Object.keys(leafCauses).filter((name) => !used.has(name))).toEqual([]);
});

test('services: the compiler refuses one that is not listed; each that is listed is named by a layer', () => {
  const words = serviceWords();
  expect(services.filter((service) => !words.has(service))).toEqual([]);
});

test.each([
  ['operations', operationCatalogue, false],
  ['events', eventCatalogue, true],
  ['attributes', attributeCatalogue, true],
] as const)('%s: each name once', (_what, entries, isSorted) => {
  // caller and server of a call share a name
  const names = entries.map((entry) => ('service' in entry ? `${entry.service} ${entry.name}` : entry.name));
  const unique = [...new Set(names)];
  expect(names).toEqual(isSorted ? unique.sort() : unique);
});

test('what would shorten a run is reckoned from operations and attributes that are listed', () => {
  const names = savingRules.flatMap((rule) => rule.operations);
  expect(names.filter((name) => !isNamed(operationCatalogue, name))).toEqual([]);
  const attributes = savingRules.flatMap(({ having }) => having?.attribute ?? []);
  expect(attributes.filter((name) => !isNamed(attributeCatalogue, name))).toEqual([]);
});

const runs = [
  'sample-auto',
  'sample-failed',
  'sample-layers',
  'sample-redis',
  ...['docker-small', 'native-26', 'native-28', 'instrumented-26', 'redis-diskless', 'redis-docker'].map((run) =>
    join(packageRoot(), 'test/recorded/runs', run),
  ),
];

test.each(runs)('%s, a recorded run: every name is listed, every value is of the listed type', (run) => {
  const { spans } = loadTrace(openRun(run));
  expect(spans.length).toBeGreaterThan(20);
  for (const span of spans) {
    const listed = operationCatalogue.filter(({ name }) => patternOf(name).test(span.name)).map(({ service }) => service);
    // whoever started it; and a package of containerd's that dockerd is built with, too
    const isOfAnyService = /^(program |archive\.)/.test(span.name);
    expect([span.name, listed]).toEqual([
      span.name,
      expect.arrayContaining(isOfAnyService ? listed.slice(0, 1) : [span.service]),
    ]);
    expect([span.name, listed.length > 0]).toEqual([span.name, true]);
    expectTyped(exportedAttributes(span));
    expectReason(span);
    for (const event of span.events) {
      expect([event.name, isNamed(eventCatalogue, event.name)]).toEqual([event.name, true]);
      expectTyped(event.attributes);
    }
  }
});

test('every recorded log of CRIU: the same', () => {
  const anchor = { zeroNs: 0n, boundNs: 0n, means: 'none' } as const;
  const logs = recordedCases.flatMap(readCase).map((log) => ({ ...log, name: log.digest.file, anchor }));
  const spans = spansOf({ host: 'a', logs, parents: [], warnings: [] }).flatMap((layer) => layer.spans);
  expect(spans.length).toBeGreaterThan(5_000);
  expect([...new Set(spans.map(({ name }) => name))].filter((name) => !isNamed(operationCatalogue, name))).toEqual([]);
  for (const { attributes } of spans) expectTyped(attributes);
});

const reasons: ReadonlySet<unknown> = new Set(Object.values(inferenceRules).map(({ reason }) => reason));

/** What is inferred says why, in words of the list; a downtime and what is unexplained in it are no inference. */
function expectReason({ name, evidence, attributes }: Span): void {
  const reason = attributes['migration.inferred.reason'];
  const isTold = reason === undefined ? evidence !== 'inferred' || name === unexplainedName : reasons.has(reason);
  expect([name, reason, isTold]).toEqual([name, reason, true]);
}

const entries = new Map<string, AttributeEntry | undefined>();

function expectTyped(attributes: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (!entries.has(name))
      entries.set(
        name,
        attributeCatalogue.find((entry) => patternOf(entry.name).test(name)),
      );
    const type = entries.get(name)?.type;
    const isFit = type === 'any' || typeof value === (type === 'integer' ? 'number' : type);
    if (!isFit || (type === 'integer' && !Number.isInteger(value)))
      expect.fail(`${name}: ${JSON.stringify(value)} is listed as ${type ?? 'nothing'}`);
  }
}

test('docs/under-the-hood.md is what the modules of the path say (npm run docs:path writes it)', async () => {
  await expect(underTheHoodPage()).toMatchFileSnapshot(join(packageRoot(), 'docs/under-the-hood.md'));
});

test('docs/spans.md is what the catalogue says (npm run docs:spans writes it)', async () => {
  await expect(spansPage()).toMatchFileSnapshot(join(packageRoot(), 'docs/spans.md'));
});
