/** Docker's fixed words below a collection; anything else in that place is an id or a name. Source: Docker Engine API v1.45. */
const fixedWords: Readonly<Record<string, { readonly words: readonly string[]; readonly template: string }>> = {
  containers: { words: ['json', 'create', 'prune'], template: '{id}' },
  images: { words: ['json', 'create', 'load', 'get', 'search', 'prune'], template: '{name}' },
  networks: { words: ['create', 'prune'], template: '{id}' },
  volumes: { words: ['create', 'prune'], template: '{name}' },
  exec: { words: [], template: '{id}' },
  plugins: { words: ['privileges', 'pull', 'create'], template: '{name}' },
};

/** What may follow an image's name, which itself can hold slashes. */
const imageActions = ['json', 'history', 'push', 'tag', 'get'];

/**
 * A Docker API path as an operation: without version, query and ids, so that it is the same in every run:
 * `/v1.45/containers/4f1…/checkpoints/t1?x=y` gives `/containers/{id}/checkpoints/{name}`.
 */
export function apiTemplate(path: string): string {
  const words = (path.split('?')[0] ?? '').split('/').filter((word) => word !== '');
  if (/^v\d+(\.\d+)?$/.test(words[0] ?? '')) words.shift();
  const [collection = '', second, ...rest] = words;
  const known = fixedWords[collection];
  if (second === undefined || known === undefined || known.words.includes(second)) return `/${words.join('/')}`;
  if (collection === 'images') {
    const last = rest.at(-1);
    return last !== undefined && imageActions.includes(last) ? `/images/{name}/${last}` : '/images/{name}';
  }
  if (rest[0] === 'checkpoints' && rest.length > 1) rest[1] = '{name}';
  return `/${[collection, known.template, ...rest].join('/')}`;
}
