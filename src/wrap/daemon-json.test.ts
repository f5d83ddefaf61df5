import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addRuntime, dropRuntime, emptyRuntime, hasRuntime } from './daemon-json.ts';

const place = 'b:/etc/docker/daemon.json';
const runtime = { path: '/usr/local/lib/transship/runtime' };
const add = (text: string | null) => addRuntime(text, place);
const drop = (text: string) => dropRuntime(text, place);

const key = fc.oneof(fc.constantFrom('runtimes', 'transship', 'path', 'log-opts', ''), fc.string());
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), tie('object'), fc.array(tie('any'), { maxLength: 3 })),
  object: fc.dictionary(key, tie('any'), { maxKeys: 4 }),
}));
/** What a daemon.json may hold: `runtimes`, where it is there, is an object without ours. */
const configuration = fc
  .tuple(value.object, fc.option(fc.dictionary(fc.string(), fc.record({ path: fc.string() }), { maxKeys: 3 })))
  .map(([members, runtimes]) => {
    const { runtimes: _, ...rest } = members as Record<string, unknown>;
    const { transship: __, ...others } = runtimes ?? {};
    return runtimes === null ? rest : { ...rest, runtimes: others };
  });
const blanks = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });

/** The same document with blanks wherever JSON lets them stand. */
function withBlanks(document: unknown, pool: readonly string[]): string {
  let next = 0;
  const tokens = JSON.stringify(document).match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^{}[\],:"]+/g) ?? [];
  const blank = () => pool[next++ % pool.length] ?? '';
  return `${blank()}${tokens.map((token) => token + blank()).join('')}`;
}

const text = fc
  .tuple(configuration, fc.array(blanks, { minLength: 1, maxLength: 7 }))
  .map(([document, pool]) => withBlanks(document, pool));

describe('adding our runtime to a daemon.json', () => {
  test('changes nothing else, and taking it out gives the same bytes, whatever the text', () => {
    const check = fc.property(text, (before) => {
      const after = add(before);
      const document = JSON.parse(before);
      expect(JSON.parse(after)).toEqual({ ...document, runtimes: { ...document.runtimes, transship: runtime } });
      expect(add(after)).toBe(after);
      expect(JSON.parse(emptyRuntime(after, place))).toEqual({ ...document, runtimes: { ...document.runtimes } });
      expect(drop(after)).toBe(before);
    });
    fc.assert(check, { numRuns: 500 });
  });

  test.each([
    ['as people write it', '{\n  "experimental": true\n}\n', '{\n  "experimental": true,\n  "runtimes": { ENTRY }\n}\n'],
    ['on one line', '{ "debug": true }', '{ "debug": true, "runtimes": { ENTRY } }'],
    ['empty', '{}\n', '{"runtimes": { ENTRY }}\n'],
    ['other runtimes', '{\n\t"runtimes": {\n\t\t"nv": {}\n\t}\n}', '{\n\t"runtimes": {\n\t\t"nv": {},\n\t\tENTRY\n\t}\n}'],
    ['no other runtimes', '{"runtimes":{ }}', '{"runtimes":{ENTRY }}'],
    ['an escaped key', '{"r\\u0075ntimes": {}}', '{"r\\u0075ntimes": {ENTRY}}'],
    ['a byte order mark', '\uFEFF{"a": "\\"}"}', '\uFEFF{"a": "\\"}","runtimes": { ENTRY }}'],
  ])('%s', (_, before, after) => {
    expect(add(before)).toBe(after.replace('ENTRY', `"transship": { "path": "${runtime.path}" }`));
    expect(drop(add(before))).toBe(before);
  });

  test.each([null, '', ' \n'])('no file, or nothing in it (%j): the file is ours alone', (nothing) => {
    expect(JSON.parse(add(nothing))).toEqual({ runtimes: { transship: runtime } });
    expect(hasRuntime(nothing, place)).toBe(false);
    expect(hasRuntime(add(nothing), place)).toBe(true);
  });
});

test.each([
  ['behind ours', '{"a": 1, "runtimes": { ENTRY }, "b": 2}', '{"a": 1, "b": 2}'],
  ['before ours', '{"runtimes": { ENTRY }, "b": 2}', '{"b": 2}'],
  ['in runtimes', '{"runtimes": { ENTRY, "nv": {} }}', '{"runtimes": { "nv": {} }}'],
  ['in our entry', '{"runtimes": {"transship": {"runtimeArgs": [], "path": "PATH"}}}', '{"runtimes": {}}'],
  ['which has no runtime of ours any more', '{"b": 2}', '{"b": 2}'],
])('a file that was edited meanwhile, %s: only our key goes', (_, edited, rest) => {
  const entry = `"transship": { "path": "${runtime.path}" }`;
  expect(drop(edited.replace('ENTRY', entry).replace('PATH', runtime.path))).toBe(rest);
});

test.each([
  ['{"a": 1,}', 'no JSON', 'mend the file'],
  ['[]', 'no JSON object', 'mend the file'],
  ['null', 'no JSON object', 'mend the file'],
  ['{"runtimes": []}', '"runtimes" is no object', 'take it out'],
  ['{"runtimes": null}', '"runtimes" is no object', 'take it out'],
  ['{"runtimes": {"transship": {"path": "/opt/x"}}}', 'is another one (path "/opt/x"', 'another name'],
  ['{"runtimes": {"transship": null}}', 'is another one (path unset', 'another name'],
])('%s is refused: what, where, and what to do', (bad, message, hint) => {
  for (const act of [add, drop])
    expect(() => act(bad)).toThrow(
      expect.objectContaining({
        code: 'not-ready',
        message: expect.stringMatching(new RegExp(`^${place}: .*`)),
        hint: expect.stringContaining(hint),
      }),
    );
  expect(() => add(bad)).toThrow(message);
});
