/**
 * dockerd's configuration file as text: what its owner wrote stays as it is, blanks and order included.
 * https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
 */
import { TransshipError } from '../error.ts';
import { type Member, type ObjectSpan, objectSpan } from './json-members.ts';
import { runtimeName, runtimePath } from './runtime-place.ts';

const entry = `"${runtimeName}": { "path": "${runtimePath}" }`;
/** Its blanks tell it from an entry that was put into an empty `runtimes` of somebody else's. */
const wholeEntry = `"runtimes": { ${entry} }`;
const freshFile = `{\n  ${wholeEntry}\n}\n`;

/**
 * The text with our runtime in it; the same text when it is there already. `null`: there is no file.
 * @throws TransshipError `not-ready` when it is no such file, or has another runtime of that name
 */
export function addRuntime(text: string | null, place: string): string {
  if (text === null || text.trim() === '') return freshFile; // dockerd takes an empty file, too
  const { root, runtimes, ours } = look(text, place);
  if (ours !== undefined) return text;
  return runtimes === undefined ? insert(text, root, wholeEntry) : insert(text, objectSpan(text, runtimes.valueAt), entry);
}

/** The text without our runtime: of a text that addRuntime has made, the one from which it was made. */
export function dropRuntime(text: string, place: string): string {
  const { root, runtimes } = look(text, place);
  if (runtimes !== undefined && text.slice(runtimes.keyAt, runtimes.endAt) === wholeEntry) return cut(text, root, runtimes);
  return runtimes === undefined ? text : emptyRuntime(text, place);
}

/** The text without our runtime but with `runtimes`: dockerd drops a runtime only when it reads a list without it. */
export function emptyRuntime(text: string | null, place: string): string {
  if (text === null || text.trim() === '') return '{"runtimes": {}}\n';
  const { root, runtimes, ours } = look(text, place);
  if (runtimes === undefined) return insert(text, root, '"runtimes": {}');
  return ours === undefined ? text : cut(text, objectSpan(text, runtimes.valueAt), ours);
}

/** True when the text names our runtime. */
export function hasRuntime(text: string | null, place: string): boolean {
  return text !== null && text.trim() !== '' && look(text, place).ours !== undefined;
}

interface Found {
  readonly root: ObjectSpan;
  readonly runtimes: Member | undefined;
  readonly ours: Member | undefined;
}

function look(text: string, place: string): Found {
  const document = parse(text, place);
  if (!isObject(document)) throw unfit(place, 'no JSON object', 'dockerd would not start with it, either: mend the file first');
  const root = objectSpan(text, 0);
  const runtimes = last(root, 'runtimes');
  if (runtimes === undefined) return { root, runtimes, ours: undefined };
  if (!isObject(document.runtimes))
    throw unfit(place, '"runtimes" is no object', 'make it {"NAME": {"path": …}}, or take it out');
  const ours = last(objectSpan(text, runtimes.valueAt), runtimeName);
  const { path } = (document.runtimes[runtimeName] ?? {}) as { readonly path?: unknown };
  if (ours !== undefined && path !== runtimePath) {
    const what = `its runtime "${runtimeName}" is another one (path ${JSON.stringify(path) ?? 'unset'}, not ${runtimePath})`;
    throw unfit(place, what, `take that runtime out of the file, or give it another name, then reload dockerd`);
  }
  return { root, runtimes, ours };
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw unfit(place, `no JSON: ${(cause as Error).message}`, 'dockerd would not start with it, either: mend the file first');
  }
}

function unfit(place: string, what: string, hint: string): TransshipError {
  return new TransshipError('not-ready', `${place}: ${what}`, hint);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of two members with one key the later counts. */
function last(object: ObjectSpan, key: string): Member | undefined {
  return object.members.filter((member) => member.key === key).at(-1);
}

/** As the last member, set off as the one before it is. */
function insert(text: string, object: ObjectSpan, member: string): string {
  const before = object.members.at(-1);
  if (before === undefined) return text.slice(0, object.bodyAt) + member + text.slice(object.bodyAt);
  const blanks = /\s*$/.exec(text.slice(object.bodyAt, before.keyAt))?.[0] ?? '';
  return `${text.slice(0, before.endAt)},${blanks}${member}${text.slice(before.endAt)}`;
}

function cut(text: string, { bodyAt, members }: ObjectSpan, member: Member): string {
  const index = members.indexOf(members.find(({ keyAt }) => keyAt === member.keyAt) as Member);
  const [before, next] = [members[index - 1], members[index + 1]];
  if (before !== undefined) return text.slice(0, before.endAt) + text.slice(member.endAt);
  if (next !== undefined) return text.slice(0, member.keyAt) + text.slice(next.keyAt);
  return text.slice(0, bodyAt) + text.slice(member.endAt);
}
