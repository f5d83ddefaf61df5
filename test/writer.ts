import type { Host } from '../src/hosts/host.ts';
import { importHostImage } from '../vm/host-image.ts';
import { onHost } from './destination-state.ts';

/** `hot`: always the same few pages. `random`: any of all. */
export type Writer = 'hot' | 'random';

/** Of the memory that it has, and of it what is written again and again; 4 KiB each. */
export const pages = { all: 4_000, hot: 200 } as const;

/**
 * A container `writer` that writes into its memory ten times a second, `pages.hot` pages by pages each time (all of them in a second or
 * two when at random), and counts the passes in /passes; /first says how often it began. Made of the host's own perl: no registry.
 */
export async function startWriter(host: Host, writer: Writer, flags = ''): Promise<void> {
  await onHost(host, importHostImage('writer'));
  await onHost(host, `docker run -d --name writer ${flags} writer /usr/bin/perl -e '${program(writer)}'`);
  await onHost(
    host,
    'for i in $(seq 300); do docker exec writer cat /passes 2>/dev/null && exit 0; sleep 0.2; done; docker logs writer >&2; exit 1',
  );
}

/** Pages are strings of their own, a little larger than one. */
const program = (writer: Writer) => `
  sub put { open F, ">", "/$_[0].new"; print F $_[1]; close F; rename "/$_[0].new", "/$_[0]" }
  open F, "<", "/first"; $n = <F>; close F; put("first", $n + 1);
  for (1 .. ${pages.all}) { push @pages, pack("N", $_) x 1024 }
  while (1) {
    for (1 .. ${pages.hot}) { $at = ${writer === 'random' ? 'int rand @pages' : `$_ % ${pages.hot}`}; substr($pages[$at], 0, 4) = pack("N", $passes) }
    put("passes", ++$passes); select undef, undef, undef, ${writer === 'random' ? '0.01' : '0.1'}
  }`;
