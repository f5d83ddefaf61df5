import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handMadeSpan, handMadeTrace } from '../../test/hand-made-trace.ts';
import { loadTrace } from '../cli/load-trace.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import { foldedStacks } from './folded.ts';

/** As flamegraph.pl reads a line: `my ($stack, $samples) = (/^(.*)\s+?(\d+(?:\.\d*)?)$/)`. */
function stacksOf(text: string): ReadonlyMap<string, number> {
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, stack, samples] = /^(.*)\s+?(\d+(?:\.\d*)?)$/.exec(line) ?? [];
        return [stack ?? `not a stack: ${line}`, Number(samples)];
      }),
  );
}

test('names from the root down, and the time of their own in µs; two tasks side by side count each', () => {
  expect([...foldedStacks(handMadeTrace())].join('')).toBe(
    // 5000.5 - 2000.999 - 1500; 2000.999 - (200 to 1300); 500 + 900
    'migration 1500\nmigration;criu.dump 901\nmigration;criu.dump;criu.dump.task 1400\nmigration;criu.restore 1500\n',
  );
});

test('a name that holds what parts frames and stacks', () => {
  const spans = [handMadeSpan({ spanId: '1'.padStart(16, '0'), name: 'a;b\nc', atUs: 0, forUs: 3 })];
  expect([...foldedStacks({ spans })].join('')).toBe('a b c 3\n');
});

test('of a recorded run: the stacks add up to its length, as nothing but its restored tasks goes on side by side', () => {
  const trace = loadTrace({ run: 'redis-docker', path: join(packageRoot(), 'test/recorded/runs/redis-docker') });
  const stacks = stacksOf([...foldedStacks(trace)].join(''));
  const sumUs = [...stacks.values()].reduce((sum, us) => sum + us, 0);
  const wholeUs = Number(trace.spans.find(({ name }) => name === 'migration')?.durationNs) / 1e3;
  expect(sumUs).toBeGreaterThan(wholeUs * 0.999);
  expect(sumUs).toBeLessThan(wholeUs * 1.02);
  const unpack = [...stacks].find(([stack]) => stack.endsWith(';dockerd.checkpoint.unpack'));
  expect(unpack?.[0].split(';').slice(0, 2)).toEqual(['migration', 'migration.checkpoint']);
  expect(unpack?.[1]).toBeCloseTo(3_056_000, -4);
});

test('no spans, no stacks', () => {
  expect([...foldedStacks({ spans: [] })].join('')).toBe('');
});
