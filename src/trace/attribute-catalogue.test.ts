import { join } from 'node:path';
import { Node, Project, SyntaxKind } from 'ts-morph';
import { expect, test } from 'vitest';
import { attributeCatalogue, attributeDocument, isKnownAttribute } from './attribute-catalogue.ts';

const root = join(import.meta.dirname, '../..');

/** Keys that read like attributes: `{ 'a.b': … }`, `x['a.b'] = …`, and the fixed beginning of `` `a.b.${…}` `` in those places. */
function attributeNames(): readonly { readonly name: string; readonly place: string }[] {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  project.addSourceFilesAtPaths([`${root}/src/layers/**/*.ts`, `${root}/src/trace/**/*.ts`, `!${root}/src/**/*.test.ts`]);
  return project.getSourceFiles().flatMap((file) => {
    const keys = [
      ...file.getDescendantsOfKind(SyntaxKind.PropertyAssignment).map((property) => property.getNameNode()),
      ...file.getDescendantsOfKind(SyntaxKind.ElementAccessExpression).map((access) => access.getArgumentExpression()),
    ];
    return keys.flatMap((key) => {
      const name = key === undefined ? null : nameIn(key);
      return name === null || !name.includes('.') ? [] : { name, place: `${file.getBaseName()}:${key?.getStartLineNumber()}` };
    });
  });
}

/** A template's unknown part is tried as any word. */
function nameIn(key: Node): string | null {
  const inner = Node.isComputedPropertyName(key) ? key.getExpression() : key;
  if (Node.isStringLiteral(inner) || Node.isNoSubstitutionTemplateLiteral(inner)) return inner.getLiteralValue();
  if (!Node.isTemplateExpression(inner)) return null;
  return inner.getHead().getLiteralText() === '' ? null : `${inner.getHead().getLiteralText()}*`;
}

test('every attribute that the sources name is in the catalogue', () => {
  const names = attributeNames();
  expect(names.length).toBeGreaterThan(30);
  const isListed = (name: string) =>
    name.endsWith('*') ? attributeCatalogue.some((entry) => entry.name.startsWith(name.slice(0, -1))) : isKnownAttribute(name);
  expect(names.filter(({ name }) => !isListed(name))).toEqual([]);
});

test('the catalogue is in order and has each name once', () => {
  const names = attributeCatalogue.map((entry) => entry.name);
  expect(names).toEqual([...new Set(names)].sort());
});

test('docs/attributes.md is what the catalogue says (npx vitest -u writes it)', async () => {
  await expect(attributeDocument()).toMatchFileSnapshot(join(root, 'docs/attributes.md'));
});
