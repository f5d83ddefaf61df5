import { dirname, join, relative } from 'node:path';
import { Node, Project, type SourceFile, SyntaxKind } from 'ts-morph';
import { packageRoot } from '../../src/evidence/run-folder.ts';

const root = packageRoot();

/** The program's own files: what is in `src/`, `vm/` and `analysis/`, without tests. */
export function programFiles(): readonly SourceFile[] {
  const project = new Project({ skipAddingFilesFromTsConfig: true, skipFileDependencyResolution: true });
  project.addSourceFilesAtPaths([
    `${root}/src/**/*.ts`,
    `${root}/vm/**/*.ts`,
    `${root}/analysis/**/*.ts`,
    `!${root}/**/*.test.ts`,
  ]);
  return project.getSourceFiles();
}

/** From the root of the checkout, as a compiler would print it. */
export function pathOf(file: SourceFile): string {
  return relative(root, file.getFilePath());
}

export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path from the root for an own file, else the name of a library. */
  readonly to: string;
}

/** Every import of a file, as a type, a re-export, or `import()` alike. */
export function importsOf(file: SourceFile): readonly Import[] {
  const named = [...file.getImportDeclarations(), ...file.getExportDeclarations()].map((node) => node.getModuleSpecifier());
  const dynamic = file
    .getDescendantsOfKind(SyntaxKind.CallExpression)
    .filter((call) => call.getExpression().getKind() === SyntaxKind.ImportKeyword)
    .map((call) => call.getArguments()[0]);
  const types = file.getDescendantsOfKind(SyntaxKind.ImportType).map((type) => type.getArgument());
  return [...named, ...dynamic, ...types].flatMap((node) => {
    if (node === undefined) return [];
    const specifier = Node.isStringLiteral(node) ? node.getLiteralValue() : node.getText().replace(/^['"]|['"]$/g, '');
    return { from: pathOf(file), line: node.getStartLineNumber(), to: target(file, specifier) };
  });
}

function target(file: SourceFile, specifier: string): string {
  if (specifier.startsWith('.')) return relative(root, join(dirname(file.getFilePath()), specifier));
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
