/** A catalogued name as a pattern: `*` stands for any words. */
export function isNamed(entries: readonly { readonly name: string }[], name: string): boolean {
  return entries.some((entry) => patternOf(entry.name).test(name));
}

const patterns = new Map<string, RegExp>();

export function patternOf(name: string): RegExp {
  const known = patterns.get(name);
  if (known !== undefined) return known;
  const words = name.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${words.join('.+')}$`);
  patterns.set(name, pattern);
  return pattern;
}
