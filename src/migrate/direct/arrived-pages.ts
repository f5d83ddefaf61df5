import { quoteWord } from '../../hosts/link.ts';

/** What the page daemon's log says of one process when it is through with it. */
export interface ArrivedPages {
  readonly pages: number;
  readonly total: number;
  /** Pages of ranges that the process has unmapped or given back since it went on; its own end gives back all, unless it is the container's first. */
  readonly givenBack: number;
}

/**
 * Shell text that prints `pages PAGES TOTAL GIVEN-BACK` of each process (criu/uffd.c). The daemon writes its count when it has nothing left to bring,
 * and does not wait for pages that nobody can ask for any more: it drops them from its list (`drop_iovs`), but not from the total. For the same
 * reason CRIU's own check that both are equal is switched off in its source. A process's descriptor has a minus in front after its end. Where the
 * container itself has ended, its other half is the better one, perhaps: that is for somebody to decide.
 */
export function arrivedScript(log: string): string {
  return `perl -ne '
    next unless /uffd: ([0-9]+)--?[0-9]+: (?:UFFD transferred pages: .([0-9]+).([0-9]+)|(?:REMOVE|UNMAP): [0-9a-f]+.([0-9a-f]+)|EXIT)/;
    if (defined $2) { printf "pages %d %d %d\\n", $2, $3, $back{$1} || 0 }
    elsif (defined $4) { $back{$1} += hex($4) / 4096 } elsif ($1 != 1) { $back{$1} = 2**40 }
  ' ${quoteWord(log)}`;
}

export function readArrived(text: string): readonly ArrivedPages[] {
  return [...text.matchAll(/^pages (\d+) (\d+) (\d+)$/gm)].map(([, pages, total, givenBack]) => ({
    pages: Number(pages),
    total: Number(total),
    givenBack: Number(givenBack),
  }));
}

/** Whether a page is nowhere: it has not come, and its process has not given it back. */
export function lacksPages({ pages, total, givenBack }: ArrivedPages): boolean {
  return pages + givenBack < total;
}
