import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';
import { TransshipError } from '../error.ts';

/** Parses one Go file; throws at its first syntax error, with file and line. */
export type GoParse = (text: string, file: string) => Node;

/** The grammar is MIT, https://github.com/tree-sitter/tree-sitter-go; Microsoft's package has it as WebAssembly, and runs no script when it is installed. */
export async function goParser(): Promise<GoParse> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-go.wasm');
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return (text, file) => {
    const root = parser.parse(text)?.rootNode;
    if (root === undefined) throw new TransshipError('input', `${file}: cannot be parsed`, 'is it a Go file?');
    if (root.hasError) throw new TransshipError('input', `${file}:${errorLine(root)}: this is no Go`, 'gofmt -e says more');
    return root;
  };
}

function errorLine(root: Node): number {
  const cursor = root.walk();
  let row = root.startPosition.row;
  for (let isDown = true; isDown; ) {
    const { currentNode } = cursor;
    if (currentNode.isError || currentNode.isMissing) return currentNode.startPosition.row + 1;
    row = currentNode.startPosition.row;
    const bad = currentNode.children.findIndex((child) => child?.hasError || child?.isMissing);
    isDown = bad >= 0 && cursor.gotoFirstChild();
    for (let step = 0; isDown && step < bad; step += 1) cursor.gotoNextSibling();
  }
  return row + 1;
}
