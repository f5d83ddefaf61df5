import type { Node } from 'web-tree-sitter';

/** A function of a Go file, as it is written. */
export interface GoFunction {
  /** `name`, `(*T).name`, or `variable.Field` for a closure in the value of a package's variable. */
  readonly name: string;
  readonly line: number;
  /** One line, from `func` to the body. */
  readonly signature: string;
  /** First sentence of the comment above it; empty: none. */
  readonly doc: string;
  /** Place of the character after the body's `{`, in the text. */
  readonly bodyStart: number;
  /** Line that holds it. */
  readonly bodyLine: number;
  /** A result of type error that has a name: it can be read when the function ends. */
  readonly errorName: string | null;
  readonly node: Node;
}

export function functionsIn(root: Node): readonly GoFunction[] {
  const declared = root.namedChildren.filter(
    (node) => node?.type === 'function_declaration' || node?.type === 'method_declaration',
  );
  return [
    ...declared.flatMap((node) => (node === null ? [] : described(node, declaredName(node), docOf(node)))),
    ...closuresIn(root),
  ];
}

function declaredName(node: Node): string {
  const name = node.childForFieldName('name')?.text ?? '';
  const receiver = node.childForFieldName('receiver')?.namedChildren[0]?.childForFieldName('type');
  if (receiver === null || receiver === undefined) return name;
  const isPointer = receiver.type === 'pointer_type';
  const type = (isPointer ? receiver.namedChildren[0] : receiver)?.text.replace(/\[.*$/s, '') ?? '';
  return isPointer ? `(*${type}).${name}` : `(${type}).${name}`;
}

/** `var checkpointCommand = cli.Command{Action: func(…) …}` has the function `checkpointCommand.Action`. */
function closuresIn(root: Node): readonly GoFunction[] {
  const variables = root.namedChildren.flatMap((node) =>
    node?.type === 'var_declaration' ? node.descendantsOfType('var_spec') : [],
  );
  return variables.flatMap((variable) => {
    const values = variable?.descendantsOfType('keyed_element') ?? [];
    return values.flatMap((element) => {
      const [key, value] = element?.namedChildren ?? [];
      const closure = value?.type === 'func_literal' ? value : value?.namedChildren[0];
      if (closure?.type !== 'func_literal' || key === null || key === undefined) return [];
      return described(closure, `${variable?.childForFieldName('name')?.text}.${key.text}`, '');
    });
  });
}

function described(node: Node, name: string, doc: string): GoFunction[] {
  const body = node.childForFieldName('body');
  if (body === null) return []; // written in assembly
  return [
    {
      name,
      line: node.startPosition.row + 1,
      signature: node.text
        .slice(0, body.startIndex - node.startIndex)
        .replace(/\s+/g, ' ')
        .trim(),
      doc,
      bodyStart: body.startIndex + 1,
      bodyLine: body.startPosition.row + 1,
      errorName: errorResult(node),
      node,
    },
  ];
}

function errorResult(node: Node): string | null {
  const result = node.childForFieldName('result');
  const last =
    result?.type === 'parameter_list'
      ? result.namedChildren.filter((each) => each?.type === 'parameter_declaration').at(-1)
      : null;
  const name = last?.childForFieldName('name')?.text;
  return last?.childForFieldName('type')?.text === 'error' && name !== undefined && name !== '_' ? name : null;
}

function docOf(node: Node): string {
  const lines: string[] = [];
  let row = node.startPosition.row;
  for (let at = node.previousSibling; at?.type === 'comment' && at.endPosition.row === row - 1; at = at.previousSibling) {
    lines.unshift(at.text.replace(/^\/\/ ?|^\/\*|\*\/$/g, ''));
    row = at.startPosition.row;
  }
  const text = lines
    .filter((line) => !/^(go|nolint|gocyclo)\b:?/.test(line))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^.*?\.(?=\s|$)/.exec(text)?.[0] ?? text;
}

/** Names of what a function calls, each with the line where it does first: `f()` and `x.f()` are both `f`. */
export function callsIn(node: Node): ReadonlyMap<string, number> {
  const calls = new Map<string, number>();
  for (const call of node.descendantsOfType('call_expression')) {
    const callee = call?.childForFieldName('function');
    const name = callee?.type === 'selector_expression' ? callee.childForFieldName('field')?.text : callee?.text;
    if (name !== undefined && call !== null && !calls.has(name)) calls.set(name, call.startPosition.row + 1);
  }
  return calls;
}
