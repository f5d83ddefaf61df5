import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../../src/error.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import type { Host } from '../../src/hosts/host.ts';
import { type Interval, medianDifference } from '../../src/trace/median-interval.ts';
import type { TestbedState } from '../../vm/testbed-state.ts';
import { moveOnce, type Reading } from './move.ts';
import type { Part } from './part.ts';
import { spread, table } from './report.ts';
import { inRounds } from './rounds.ts';

/** What a line of so many milliseconds there and back may add. */
const mostMs = 5;
const ofDelayMs = 50;
const all = ['docker', 'cold', 'diskless', 'post-copy'] as const;

/**
 * Docker's own path stands beside: there the controller takes every step between freeze and resume. One wait for the controller within the downtime
 * would add the whole delay. Moves of one kind differ by more than 5 ms; so the delay is long, and what it adds is told of 50 ms, too.
 */
export const slowController: Part = {
  name: 'slow-controller',
  about: 'a slow line between the controller and the hosts, against none',
  runs: 5,
  measure: async (pair, { runs, keys, delayMs, only, say }) => {
    // both by the same way in, so that what that costs is on both sides
    const near = await connectBy(pair.testbed, 0);
    await using _nearA = near.a;
    await using _nearB = near.b;
    const far = await connectBy(pair.testbed, delayMs);
    await using _farA = far.a;
    await using _farB = far.b;
    const workload = { reference: pair.image.reference, keys, network: 'bridge' } as const;
    const load = { command: 'GET', keys } as const;
    const unknown = only?.find((name) => !(all as readonly string[]).includes(name));
    if (unknown !== undefined) throw new TransshipError('usage', `--only ${unknown}: not compared`, `some of ${all.join(',')}`);
    const strategies = all.filter((strategy) => only === null || only.includes(strategy));
    const sides = strategies.flatMap((strategy) =>
      Object.entries({ near, far }).map(([place, hosts]) => ({
        name: `${strategy}, ${place}`,
        once: () => moveOnce({ ...pair, a: hosts.a, b: hosts.b, workload, options: { strategy }, load }),
      })),
    );
    const { readings, warnings } = await inRounds<Reading>(sides, {
      runs,
      say,
      signal: pair.signal,
      figure: ({ observedMs }) => observedMs,
    });
    const observed = (name: string) => (readings.get(name) ?? []).map(({ observedMs }) => observedMs);
    const rows = strategies.map((strategy) =>
      rowOf({ strategy, near: observed(`${strategy}, near`), far: observed(`${strategy}, far`), delayMs }),
    );
    const head = [
      'strategy',
      'near, ms (95 %)',
      `far (${delayMs} ms there and back), ms (95 %)`,
      'the slow line adds, ms (95 %)',
      `one of ${ofDelayMs} ms adds, ms (95 %)`,
      'to reach',
      '',
    ];
    return [table(head, rows), ...warnings.map((words) => `warning: ${words}`)].join('\n\n');
  },
};

interface Row {
  readonly strategy: string;
  readonly near: readonly number[];
  readonly far: readonly number[];
  readonly delayMs: number;
}

function rowOf({ strategy, near, far, delayMs }: Row): readonly string[] {
  const added = medianDifference(near, far);
  const ofShort = { median: scaled(added.median), low: scaled(added.low), high: scaled(added.high) };
  const wanted = strategy === 'docker' ? ['', ''] : [`≤ ${mostMs}`, verdict(ofShort)];
  return [strategy, spread(near), spread(far), told(added, 0), told(ofShort, 1), ...wanted];

  function scaled(ms: number): number {
    return (ms * ofDelayMs) / delayMs;
  }
}

function told({ median, low, high }: Interval, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function verdict({ low, high }: Interval): string {
  if (high <= mostMs) return 'reached';
  return low > mostMs ? 'missed' : 'not shown: the interval is too wide';
}

/** The same hosts by another way in: ssh reads its configuration when it connects, and all else goes over that connection. */
async function connectBy({ sshConfig, wireNamespace }: TestbedState, delayMs: number): Promise<Record<'a' | 'b', Host>> {
  const usual = readFileSync(sshConfig, 'utf8');
  const program = join(packageRoot(), 'dist/bench/downtime/delay.js');
  const proxy = `ProxyCommand nsenter --net=${wireNamespace} ${process.execPath} ${program} ${delayMs / 2} %h %p`;
  writeFileSync(sshConfig, usual.replace(/ProxyCommand .*/g, proxy));
  try {
    return { a: await connectHost('test:a'), b: await connectHost('test:b') };
  } finally {
    writeFileSync(sshConfig, usual);
  }
}
