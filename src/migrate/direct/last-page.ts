/** What the lazy-pages daemon has brought, by its own last words. */
export interface LastPage {
  readonly pages: number;
  /** Why it cannot be said that the memory is whole; null: it is. */
  readonly missing: string | null;
}

/** grep -E: the lines of a lazy-pages log that `lastPage` goes by. */
export const lastPageLines = 'pages to be handled by UFFD$|UFFD transferred pages: |: (REMOVE|UNMAP): |: EXIT$';

const pageBytes = 4096;

/**
 * CRIU (4.2) criu/uffd.c: `lazy_pages_summary` speaks of a process once nothing of its memory is outstanding. What it has copied falls short of
 * what it found when the process gave memory up before it came (`handle_remove`: madvise, munmap) or ended (`handle_exit`): that is no loss.
 */
export function lastPage(lines: string): LastPage {
  // one that has ended is called 1--9
  const all = (pattern: RegExp) => [...lines.replaceAll('--', '-').matchAll(pattern)];
  const found = new Set(all(/uffd: (\S+): Found \d+ pages to be handled by UFFD/g).map(([, who]) => who));
  // what a process has forked has its own words, and its parent's pages
  const ended = all(/uffd: (\S+): UFFD transferred pages: \((\d+)\/(\d+)\)/g)
    .filter(([, who]) => found.has(who))
    .map(([, who, pages, total]) => ({ who, pages: Number(pages), short: Number(total) - Number(pages) }));
  const pages = ended.reduce((sum, each) => sum + each.pages, 0);
  for (const { who } of ended) found.delete(who);
  if (ended.length === 0) return { pages, missing: 'it has said of no process that its memory is there' };
  if (found.size > 0) return { pages, missing: `it has not said of ${[...found].join(', ')} that its memory is there` };
  const gone = new Set(all(/uffd: (\S+): EXIT/g).map(([, who]) => who));
  const short = ended.filter(({ who }) => !gone.has(who)).reduce((sum, each) => sum + Math.max(0, each.short), 0);
  const givenUp = all(/uffd: (\S+): (?:REMOVE|UNMAP): [0-9a-f]+\(([0-9a-f]+)\)/g)
    .filter(([, who]) => ended.some((each) => each.who === who))
    .reduce((sum, [, , length]) => sum + Number.parseInt(length ?? '0', 16) / pageBytes, 0);
  return { pages, missing: short > givenUp ? `${short - givenUp} pages have not come` : null };
}
