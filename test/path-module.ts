import { join } from 'node:path';
import { execa } from 'execa';
import { Project, VariableDeclarationKind } from 'ts-morph';
import { packageRoot } from '../src/evidence/run-folder.ts';
import { fetchSources } from '../src/instrument/fetch-sources.ts';
import { pathRules } from '../src/instrument/path-rules.ts';
import { scanSources } from '../src/instrument/scan.ts';
import { codeName } from '../src/instrument/scan-text.ts';
import type { SourceSet } from '../vm/versions.ts';

/** Where the module of a set stands. */
export function pathModuleFile(set: SourceSet): string {
  return join(packageRoot(), 'src/catalogue', `path-${set}.ts`);
}

/** The text of `src/catalogue/path-SET.ts`: where the path stands in the sources of a version set, as a scan finds it. */
export async function pathModule(set: SourceSet, say: (line: string) => void): Promise<string> {
  const { folder, trees } = await fetchSources({ set, checkouts: [], to: null, say });
  const { functions } = await scanSources([folder], pathRules);
  const projects = trees.filter(({ place }) => functions.some((one) => one.file.package.startsWith(place)));
  const path = {
    versions: Object.fromEntries(projects.map(({ place, version }) => [place, version])),
    functions: functions.map((one) => ({
      ...{ name: one.rule.name, layer: one.rule.layer, function: codeName(one) },
      ...{ file: `${one.file.package}/${one.file.name}`, line: one.goFunction.line, does: one.rule.does },
    })),
  };
  const file = new Project({ useInMemoryFileSystem: true }).createSourceFile('path.ts');
  file.addStatements('// Made by `npm run docs:path` from a scan of the sources. A test makes it again and compares.');
  file.addImportDeclaration({ moduleSpecifier: './source-path.ts', namedImports: ['SourcePath'], isTypeOnly: true });
  file.addVariableStatement({
    isExported: true,
    declarationKind: VariableDeclarationKind.Const,
    declarations: [{ name: `${set}Path`, type: 'SourcePath', initializer: JSON.stringify(path) }],
  });
  const biome = join(packageRoot(), 'node_modules/.bin/biome');
  const words = ['check', '--write', `--stdin-file-path=${pathModuleFile(set)}`];
  return (await execa(biome, words, { input: file.getFullText(), cwd: packageRoot(), stripFinalNewline: false })).stdout;
}
