/** `*` in a rule's name stands for anything. */
export function matchesName(pattern: string, name: string): boolean {
  if (!pattern.includes('*') || pattern === name) return pattern === name;
  // `(*T).name` is a pointer's method, and no wildcard
  const text = pattern.startsWith('(*') ? pattern : pattern.replaceAll('*', '\u0000');
  return new RegExp(`^${text.replace(/[.+?^${}()|[\]\\*]/g, '\\$&').replaceAll('\u0000', '.*')}$`).test(name);
}

/** Without its receiver. */
export function plainName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
