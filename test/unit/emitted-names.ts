import { join } from 'node:path';
import { Node, type ObjectLiteralExpression, Project, SyntaxKind, type Type } from 'ts-morph';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { pathOf } from './source-files.ts';

/** A name that the sources give to a span, an event or an attribute; `*` stands for words that are not known before. */
export interface EmittedName {
  readonly name: string;
  readonly place: string;
}

const root = packageRoot();
const project = new Project({ tsConfigFilePath: join(root, 'tsconfig.json'), skipAddingFilesFromTsConfig: true });
project.addSourceFilesAtPaths([`${root}/src/**/*.ts`, `!${root}/src/**/*.test.ts`, `!${root}/src/catalogue/**`]);
const all = project.getSourceFiles();
const inRooms = (...rooms: readonly string[]) => all.filter((file) => rooms.some((room) => pathOf(file).startsWith(room)));
const emitting = inRooms('src/layers/', 'src/trace/', 'src/instrument/path-');
const objects = emitting.flatMap((file) => file.getDescendantsOfKind(SyntaxKind.ObjectLiteralExpression));

/** Objects that are spans: a name beside a time, an id or a parent. */
export function spanNames(): readonly EmittedName[] {
  const spans = objects.filter((object) =>
    ['startNs', 'parentKey', 'spanId'].some((key) => object.getProperty(key) !== undefined),
  );
  const live = all
    .flatMap((file) => file.getDescendantsOfKind(SyntaxKind.ObjectLiteralExpression))
    .filter((object) => object.getProperty('warn') !== undefined);
  return [...spans, ...live].flatMap(namesGiven);
}

/** Objects that are events: a name beside the time of a moment. */
export function eventNames(): readonly EmittedName[] {
  return objects.filter((object) => object.getProperty('timeNs') !== undefined).flatMap(namesGiven);
}

function namesGiven(object: ObjectLiteralExpression): readonly EmittedName[] {
  const property = object.getProperty('name');
  const value = Node.isPropertyAssignment(property) ? property.getInitializerOrThrow() : property;
  if (value === undefined) return [];
  const place = `${pathOf(object.getSourceFile())}:${value.getStartLineNumber()}`;
  return wordsOf(Node.isShorthandPropertyAssignment(value) ? value.getNameNode() : value).map((name) => ({ name, place }));
}

/** Everything that an expression can say. What a typed table's rows say, when it reads a row's name; nothing when it hands a span's own name on. */
function wordsOf(value: Node): readonly string[] {
  if (Node.isTemplateExpression(value)) return wordsOfTemplate(value);
  const type = value.getType();
  const literals = type.isUnion() ? type.getUnionTypes() : [type];
  if (literals.every((one) => one.isStringLiteral())) return literals.map((one) => String(one.getLiteralValue()));
  if (Node.isPropertyAccessExpression(value) && value.getName() === 'name') return tableNames(value.getExpression().getType());
  return ['*'];
}

function wordsOfTemplate(value: Node & { getHead(): Node; getTemplateSpans(): readonly Node[] }): readonly string[] {
  const head = (value.getHead() as Node & { getLiteralText(): string }).getLiteralText();
  return value.getTemplateSpans().reduce<readonly string[]>(
    (before, span) => {
      const { expression, text } = partsOf(span);
      const words = wordsOf(expression);
      return before.flatMap((start) => words.map((word) => `${start}${word}${text}`));
    },
    [head],
  );
}

function partsOf(span: Node): { readonly expression: Node; readonly text: string } {
  if (!Node.isTemplateSpan(span)) throw new Error(span.getText());
  return { expression: span.getExpression(), text: span.getLiteral().getLiteralText() };
}

/** Types whose name was given where they were made; a daemon's own span is shown only where a row of ours has its name. */
const handedOn = new Set(['LayerSpan', 'Span', 'SpanEvent', 'RawSpan']);

function tableNames(row: Type): readonly string[] {
  const rows = namesOfTypes(row);
  if ([...rows].every((name) => handedOn.has(name))) return [];
  const names = objects.filter((object) => {
    const type = object.getContextualType();
    if (object.getProperty('noSpan') !== undefined) return false; // a row that says why there is no span
    return type !== undefined && [...namesOfTypes(type)].some((name) => rows.has(name));
  });
  return names.flatMap((object) => {
    const value = object.getProperty('name');
    const given = Node.isPropertyAssignment(value) ? value.getInitializerOrThrow() : undefined;
    // an empty name is that of a tree's scaffold, which is no span
    if (Node.isStringLiteral(given)) return given.getLiteralValue() || [];
    return Node.isTemplateExpression(given) ? wordsOf(given) : [];
  });
}

function namesOfTypes(type: Type): ReadonlySet<string> {
  const types = type.isUnion() ? type.getUnionTypes() : [type];
  return new Set(types.flatMap((one) => one.getSymbol()?.getName() ?? one.getAliasSymbol()?.getName() ?? []));
}

/**
 * Keys that read like attributes (`a.b`): `{ 'a.b': … }`, `x['a.b'] = …`, templates in those places, and the names of `Object.fromEntries`
 * and `[name, value]` pairs. Of exporters only what they add to each span counts.
 */
export function attributeNames(): readonly EmittedName[] {
  const files = [
    ...emitting,
    ...inRooms('src/export/process-groups.ts', 'src/export/readable-span.ts', 'src/export/live-telemetry.ts'),
  ];
  return files.flatMap((file) =>
    [
      ...file
        .getDescendantsOfKind(SyntaxKind.PropertyAssignment)
        .filter((property) => !isRowOfWords(property.getInitializer()))
        .map((property) => property.getNameNode()),
      ...file
        .getDescendantsOfKind(SyntaxKind.BinaryExpression)
        .filter((one) => one.getOperatorToken().getKind() === SyntaxKind.EqualsToken)
        .map((one) => one.getLeft())
        .filter(Node.isElementAccessExpression)
        .map((access) => access.getArgumentExpressionOrThrow()),
      ...file.getDescendantsOfKind(SyntaxKind.ArrayLiteralExpression).flatMap((pair) => pair.getElements().slice(0, 1)),
    ].flatMap((key) => attributeIn(key).map((name) => ({ name, place: `${pathOf(file)}:${key.getStartLineNumber()}` }))),
  );
}

/** A row of the lists of inferences and causes, whose name reads like an attribute's. */
function isRowOfWords(value: Node | undefined): boolean {
  return Node.isObjectLiteralExpression(value) && ['reason', 'what'].some((key) => value.getProperty(key) !== undefined);
}

function attributeIn(key: Node): readonly string[] {
  const inner = Node.isComputedPropertyName(key) ? key.getExpression() : key;
  if (Node.isTemplateExpression(inner))
    return wordsOf(inner).filter((name) => /^[a-z]+\.|^\*_us$/.test(name) && !name.includes('/'));
  if (!Node.isStringLiteral(inner) || Node.isArrayLiteralExpression(key.getParent())) return [];
  const name = inner.getLiteralValue(); // with a slash it is a package
  return name.includes('.') && !name.includes('/') ? [name] : [];
}

/** Rows of the list of inferences that tables and layers name: `why: …` of a row, and what `inferredBy` is called with. */
export function inferencesUsed(): ReadonlySet<string> {
  return rowsUsed('why', 'inferredBy');
}

/** The same of the list of causes: `cause: …`, and `causedBy`. */
export function causesUsed(): ReadonlySet<string> {
  return rowsUsed('cause', 'causedBy');
}

function rowsUsed(property: string, writer: string): ReadonlySet<string> {
  const rows = objects.map((object) => object.getProperty(property)).filter(Node.isPropertyAssignment);
  const calls = emitting
    .flatMap((file) => file.getDescendantsOfKind(SyntaxKind.CallExpression))
    .filter((call) => call.getExpression().getText() === writer);
  const given = [...rows.map((row) => row.getInitializerOrThrow()), ...calls.flatMap((call) => call.getArguments())];
  // other objects say it in words of their own
  const names = given.filter(Node.isStringLiteral).filter((word) => word.getContextualType()?.isUnion());
  return new Set(names.map((word) => word.getLiteralValue()));
}

/** Services that the layers give to what they emit. */
export function serviceWords(): ReadonlySet<string> {
  const files = emitting.filter((file) => pathOf(file) !== 'src/trace/layer-spans.ts');
  const values = files.flatMap((file) => file.getDescendantsOfKind(SyntaxKind.StringLiteral));
  return new Set(values.filter((value) => !Node.isCallExpression(value.getParent())).map((value) => value.getLiteralValue()));
}

/** Fields of CRIU's statistics, as the protocol text in statistics.ts has them, and those that are left out as noise. */
export function statisticsFields(): readonly string[] {
  const text = (path: string) => project.getSourceFileOrThrow(join(root, path)).getFullText();
  const fields = [...text('src/layers/criu/statistics.ts').matchAll(/optional uint\d+ (\w+) = /g)].map((match) => match[1] ?? '');
  const noise = /const noise = new Set\(\[([^\]]*)\]\)/.exec(text('src/layers/criu/spans.ts'))?.[1] ?? '';
  return fields.filter((field) => !noise.includes(`'${field}'`));
}
