/**
 * Takes out of a report what tells of a place: addresses, paths, environment, names of hosts and containers. The same thing has the same
 * stand-in throughout, so that a reader still sees what belongs together. CRIU's own files (`criu/files.c:123`) stay.
 */
const rules: readonly { readonly kind: string; readonly text: RegExp }[] = [
  { kind: 'env', text: /\b[A-Z][A-Z0-9_]{2,}=(?:"[^"\n]*"|[^\s"`|]+)/g },
  { kind: 'mac', text: /\b(?:[\da-f]{2}:){5}[\da-f]{2}\b/gi },
  { kind: 'ip', text: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d)/g },
  // eight groups, or fewer with a `::`; a time of day is neither
  { kind: 'ip', text: /(?<![\w:.])(?=[\da-f:]*::|(?:[\da-f]{1,4}:){7})[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi },
  { kind: 'uuid', text: /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi },
  { kind: 'id', text: /\b[\da-f]{64}\b|\b[\da-f]{12}\b(?=\.scope|\/)/gi },
  { kind: 'path', text: /(?<![\w.<>])(?!\/proc\/self\b)(?:\.{0,2}\/[\w@%+=.,~-]*[\w@%+=~-])+\/?/g },
  { kind: 'path', text: /\b(?!\d+\/\d+\b)(?!criu\/|compel\/|pie\/|images\/|soccr\/)[\w@%+=.~-]+(?:\/[\w@%+=.,~-]*[\w@%+=~-])+/g },
];

export function redact(text: string, names: readonly string[] = []): string {
  const stands = new Map<string, string>();
  const counts = new Map<string, number>();
  const standIn = (kind: string, found: string): string => {
    const known = stands.get(found);
    if (known !== undefined) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    stands.set(found, `<${kind}-${count}>`);
    return `<${kind}-${count}>`;
  };
  let out = text;
  for (const name of [...names].filter((name) => name.length > 1).sort((a, b) => b.length - a.length))
    out = out.replace(new RegExp(`(?<![\\w-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g'), () =>
      standIn('name', name),
    );
  for (const { kind, text: pattern } of rules) out = out.replace(pattern, (found) => standIn(kind, found));
  return out;
}
