import { expect, test } from 'vitest';
import { handMadeSpan } from '../../test/hand-made-trace.ts';
import { withIterationLinks } from './iteration-links.ts';
import type { Span } from './span.ts';

interface Drawn {
  readonly name: string;
  readonly iteration?: number;
  readonly host?: string;
  readonly log?: string;
  readonly other?: readonly [name: string, log: string];
}

function built(drawn: readonly Drawn[]): readonly Span[] {
  return drawn.map(({ name, iteration, host = 'a', log = '', other }, index) =>
    handMadeSpan({
      ...{ spanId: `s${index}`, atUs: index, forUs: 1, name, host, service: 'criu' },
      attributes: {
        'log.file.path': log,
        ...(other === undefined ? {} : { [other[0]]: other[1] }),
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
const second: Drawn = { name: 'criu.pre-dump', iteration: 2 };
const dump: Drawn = { name: 'criu.dump' };

/* s0 criu.pre-dump 1 ◄── s1 criu.pre-dump 2 ◄── s2 criu.dump */
test('in a run of ours each round and the dump point to the round before, in whatever order they stand', () => {
  expect(links([first, second, dump], true)).toEqual(['s1→s0 1', 's2→s1 2']);
  expect(links([dump, second, first], true)).toEqual(['s0→s1 2', 's1→s2 1']);
});

/* s0 criu.dump ◄── s1 criu.restore */
test('in a run of ours a restore points to the dump that it is of; none, where the dump left nothing', () => {
  const restore: Drawn = { name: 'criu.restore', host: 'b' };
  expect(links([dump, restore], true)).toEqual(['s1→s0 undefined']);
  expect(links([restore], true)).toEqual([]);
});

test('another host is another chain, and a part of a dump is none', () => {
  expect(links([first, { ...dump, host: 'b' }, { name: 'criu.dump.memory' }], true)).toEqual([]);
});

/* s0 criu.pre-dump 1 ◄── s1 criu.dump ◄── s2 criu.restore */
test('imported logs are joined where their layer says so, and only there', () => {
  const said = [
    { ...first, log: 'p1/dump.log' },
    { ...dump, log: 'dump.log', other: ['criu.parent_log', 'p1/dump.log'] as const },
    { name: 'criu.restore', log: 'restore.log', other: ['criu.dump_log', 'dump.log'] as const },
  ];
  expect(links(said, false)).toEqual(['s1→s0 1', 's2→s1 undefined']);
  expect(links([first, second, dump], false)).toEqual([]);
});
