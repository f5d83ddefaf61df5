/** Where a member of an object stands in the text: its key, its value, and what comes after it. */
export interface Member {
  readonly key: string;
  readonly keyAt: number;
  readonly valueAt: number;
  readonly endAt: number;
}

export interface ObjectSpan {
  /** Behind its opening brace. */
  readonly bodyAt: number;
  readonly members: readonly Member[];
}

const blanks = /\s*/y;
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/y;

/** The object that begins at `at`, in a text that JSON.parse takes: nothing is checked twice. */
export function objectSpan(text: string, at: number): ObjectSpan {
  const members: Member[] = [];
  const bodyAt = skipBlanks(text, at) + 1;
  for (let keyAt = skipBlanks(text, bodyAt); text[keyAt] !== '}'; ) {
    const colonAt = skipBlanks(text, tokenEnd(text, keyAt));
    const valueAt = skipBlanks(text, colonAt + 1);
    const endAt = valueEnd(text, valueAt);
    members.push({ key: JSON.parse(text.slice(keyAt, tokenEnd(text, keyAt))), keyAt, valueAt, endAt });
    const next = skipBlanks(text, endAt);
    keyAt = text[next] === ',' ? skipBlanks(text, next + 1) : next;
  }
  return { bodyAt, members };
}

function skipBlanks(text: string, at: number): number {
  blanks.lastIndex = at;
  blanks.test(text);
  return blanks.lastIndex;
}

function tokenEnd(text: string, at: number): number {
  token.lastIndex = at;
  if (!token.test(text)) throw new Error(`no JSON at character ${at}`);
  return token.lastIndex;
}

function valueEnd(text: string, at: number): number {
  let depth = 0;
  for (let from = at; ; from = skipBlanks(text, from)) {
    const first = text[from] ?? '';
    from = tokenEnd(text, from);
    if ('{['.includes(first)) depth += 1;
    if ('}]'.includes(first)) depth -= 1;
    if (depth === 0) return from;
  }
}
