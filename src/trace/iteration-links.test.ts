import { expect, test } from 'vitest';
import { handMadeSpan } from '../../test/hand-made-trace.ts';
import { withIterationLinks } from './iteration-links.ts';
import type { Span } from './span.ts';

interface Drawn {
  readonly name: string;
  readonly iteration?: number;
  readonly skipped?: number;
  readonly host?: string;
}

function built(drawn: readonly Drawn[]): readonly Span[] {
  return drawn.map(({ name, iteration, skipped = 0, host = 'a' }, index) =>
    handMadeSpan({
      ...{ spanId: `s${index}`, atUs: index, forUs: 1, name, host, service: 'criu' },
      attributes: {
        'criu.stats.pages_skipped_parent': skipped,
        ...(iteration === undefined ? {} : { 'migration.iteration': iteration }),
      },
    }),
  );
}

function links(drawn: readonly Drawn[], isOurRun: boolean): readonly string[] {
  const spans = withIterationLinks(built(drawn), isOurRun);
  return spans.flatMap((span) =>
    span.links.map((link) => `${span.spanId}→${link.spanId} ${link.attributes['migration.iteration']}`),
  );
}

const first: Drawn = { name: 'criu.pre-dump', iteration: 1 };
const second: Drawn = { name: 'criu.pre-dump', iteration: 2, skipped: 4762 };
const dump: Drawn = { name: 'criu.dump', skipped: 4764 };

/* s0 criu.pre-dump 1 ◄── s1 criu.pre-dump 2 ◄── s2 criu.dump */
test('each round and the dump point to the round before', () => {
  expect(links([first, second, dump], false)).toEqual(['s1→s0 1', 's2→s1 2']);
});

test('in whatever order they stand', () => {
  expect(links([dump, second, first], false)).toEqual(['s0→s1 2', 's1→s2 1']);
});

test('imported logs are joined only where CRIU found pages in an earlier dump; in a run of ours they follow each other', () => {
  const unrelated = [first, { ...second, skipped: 0 }, { ...dump, skipped: 0 }];
  expect(links(unrelated, false)).toEqual([]);
  expect(links(unrelated, true)).toEqual(['s1→s0 1', 's2→s1 2']);
});

test('another host is another chain, and a part of a dump is none', () => {
  expect(links([first, { ...dump, host: 'b' }, { name: 'criu.dump.memory', skipped: 1 }], true)).toEqual([]);
});
