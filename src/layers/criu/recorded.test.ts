import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RecordedLog, readCase, recordedCases, recordedRoot } from '../../../test/recorded/criu-cases.ts';
import { packageRoot } from '../../evidence/run-folder.ts';
import { readCriuEvidence } from './evidence.ts';
import { failureOf, outcomeOf } from './failure.ts';
import { treeOf } from './log-tree.ts';
import type { PhaseNode } from './phase-tree.ts';
import { spansOf } from './spans.ts';
import { isGarbage } from './statistics.ts';

const cases = recordedCases.map((name) => ({ name, logs: readCase(name) }));
const all = cases.flatMap(({ logs }) => logs).map((log) => ({ file: log.digest.file, log }));

describe.each(cases)('$name', ({ name, logs }) => {
  test('phases', async () => {
    const outlines = logs.map(({ digest }) => outline({ digest }));
    await expect(outlines.join('\n')).toMatchFileSnapshot(join(recordedRoot, name, 'outline.txt'));
  });
});

test('every case is read, and none is empty but those of verbosity 0', () => {
  expect(cases.filter(({ logs }) => logs.length === 0).map(({ name }) => name)).toEqual([
    'sid421-v-tiny-cli-v0',
    'v-tiny-cli-v0',
  ]);
  expect(all.length).toBeGreaterThan(90);
});

describe.each(all.filter(({ log }) => treeOf(log.digest) !== null))('$file', ({ log }) => {
  const { digest } = log;
  const tree = treeOf(digest, { isDetailed: true }) as PhaseNode;

  test('children lie within their parents, and the top phases cover everything without overlap', () => {
    for (const node of nodesOf(tree)) {
      expect(node.endUs).toBeGreaterThanOrEqual(node.startUs);
      for (const child of node.children) {
        expect(child.startUs).toBeGreaterThanOrEqual(node.startUs);
        expect(child.endUs).toBeLessThanOrEqual(node.endUs);
      }
    }
    expect([0, ...tree.children.map(({ endUs }) => endUs)]).toEqual([
      ...tree.children.map(({ startUs }) => startUs),
      digest.endUs,
    ]);
  });
});

describe.each(all.filter(({ log: { digest } }) => outcomeOf(digest) === 'ok'))('$file', ({ log: { digest } }) => {
  test('named leaves cover at least 90 % of the time that CRIU did not just wait for others', () => {
    const tree = treeOf(digest, { isDetailed: true }) as PhaseNode;
    const waits = nodesOf(tree).filter(({ phase, children }) => children.length === 0 && phase.name.endsWith('.wait'));
    const waitedUs = waits.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
    expect(coveredUs(tree) / (digest.endUs - waitedUs)).toBeGreaterThan(0.9);
  });
});

const samples = ['test/recorded/runs/redis-docker', 'traces/sample-redis', 'traces/sample-failed'].flatMap((run) =>
  ['a', 'b'].flatMap((host) => readCriuEvidence(join(packageRoot(), run, 'evidence', host)).logs),
);

const measured = [...all, ...samples.map((log) => ({ file: log.digest.file, log }))].filter(
  ({ log: { digest, statistics } }) => outcomeOf(digest) === 'ok' && statistics !== null && !isGarbage(statistics),
);

describe.each(measured)("CRIU's own statistics: $file", ({ file, log: { digest, statistics } }) => {
  // At -v3 the first freezer line, the end of a memory phase and that of a restore are not printed; with --log-pid they lie in other files.
  const floorUs = /-v3|logpid/.test(file) ? 1000 : 20;
  const values = statistics?.values ?? {};
  /** A stamp lies up to some microseconds beside the moment that CRIU's timer is stopped. */
  const expectSame = (us: number, name: string, spans = 1) => {
    const own = values[name];
    if (own === undefined) throw new Error(`the statistics lack ${name}`);
    // On an emulated processor 3.4 ms lie between the line before the timer starts and the line after: nothing tells where in them.
    const isEmulated = file.startsWith('q-') && name === 'freezing_time';
    const allowedUs = Math.min(Math.max(own * 0.05, floorUs * spans), Math.max(own * 0.02, isEmulated ? 1250 : 1000));
    expect(Math.abs(us - own), `${name}: ${us} µs by the log, ${own} µs by CRIU`).toBeLessThanOrEqual(allowedUs);
  };

  test.each([true, false])(
    'every part kept: %s: phases are within 2 percent or 1 ms of them, short ones within 5 percent',
    (isDetailed) => {
      const tree = treeOf(digest, { isDetailed }) as PhaseNode;
      const start = (name: string) => tree.children.find(({ phase }) => phase.name === name)?.startUs ?? Number.NaN;
      if (digest.kind === 'restore') {
        const endUs = start('criu.restore.resume') || start('criu.restore.late-stage');
        expectSame(endUs - start('criu.restore.images'), 'restore_time');
        return;
      }
      const isDump = digest.kind === 'dump';
      const thawed = start(isDump ? 'criu.dump.statistics' : 'criu.pre-dump.write');
      const frozen = start(isDump ? 'criu.dump.namespace-ids' : 'criu.pre-dump.collect');
      expectSame(thawed - frozen, 'frozen_time');
      const of = (name: string) => lengthsOf(tree, `criu.${digest.kind}.${name}`);
      for (const [phase, name] of [
        ['freeze', 'freezing_time'],
        ['memory', 'memdump_time'],
        // a pre-dump writes when the tasks run again
        [isDump ? 'memory.write' : 'write.pages', 'memwrite_time'],
      ] as const) {
        const lengths = of(phase);
        expectSame(
          lengths.reduce((sum, us) => sum + us, 0),
          name,
          Math.max(1, lengths.length), // at -v3 it has none
        );
      }
    },
  );
});

test('the spans of a large memory add up to memwrite_time without a word about parts left out', () => {
  const evidence = readCriuEvidence(join(packageRoot(), 'test/recorded/runs/redis-docker/evidence/a'));
  const writes = spansOf(evidence).flatMap(({ spans }) => spans.filter(({ name }) => name === 'criu.dump.memory.write'));
  const sumNs = writes.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0n);
  const own = evidence.logs[0]?.statistics?.values.memwrite_time ?? 0;
  expect(Math.abs(Number(sumNs) / 1000 / own - 1)).toBeLessThan(0.05);
});

test('every failure that was recorded is explained: its cause, and what to do', () => {
  const failures = all.map(({ log }) => failureOf(log.digest)).filter((failure) => failure !== null);
  expect(failures.length).toBeGreaterThan(40);
  const unexplained = failures.filter(({ cause, hint }) => cause === null || hint === null);
  expect(unexplained.map(({ file, line, message }) => `${file}:${line}: ${message}`)).toEqual([]);
});

test('there is something to measure', () => {
  const count = (kind: string) => measured.filter(({ log }) => log.digest.kind === kind).length;
  expect([count('dump') > 20, count('pre-dump') >= 3, count('restore') > 10]).toEqual([true, true, true]);
});

/** Lengths of all phases of a name; where the parts of a task were left out, their sum. */
function lengthsOf(tree: PhaseNode, name: string): readonly number[] {
  return nodesOf(tree).flatMap((node) => {
    const omittedUs = node.omittedUs?.[name];
    if (node.phase.name === name) return [node.endUs - node.startUs];
    return omittedUs === undefined ? [] : [omittedUs];
  });
}

function nodesOf(root: PhaseNode): readonly PhaseNode[] {
  const nodes = [root];
  for (let index = 0; index < nodes.length; index += 1) nodes.push(...(nodes[index] as PhaseNode).children);
  return nodes;
}

/** Length of the union of the leaves that name something. */
function coveredUs(root: PhaseNode): number {
  const leaves = nodesOf(root).filter(({ phase, children }) => children.length === 0 && !phase.isWait);
  let coveredTo = 0;
  let sum = 0;
  for (const { startUs, endUs } of leaves.sort((a, b) => a.startUs - b.startUs)) {
    sum += Math.max(0, endUs - Math.max(startUs, coveredTo));
    coveredTo = Math.max(coveredTo, endUs);
  }
  return sum;
}

/** One line a phase: name, begin and length in µs. Of many tasks only the first shows its parts. */
function outline({ digest }: Pick<RecordedLog, 'digest'>): string {
  const failure = failureOf(digest);
  const lines = [`${digest.file}: ${digest.kind}, ${outcomeOf(digest)}, CRIU ${digest.version}, ${digest.lines} lines`];
  const tree = treeOf(digest);
  const waiting = tree === null ? [] : [{ node: tree, depth: 1 }];
  const shown = new Set<string>();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { node, depth } = next;
    const { pid, vpid, hook, comm } = node.groups;
    const notes = [vpid ?? pid, comm, hook, node.error && 'failed'].filter((note) => note !== undefined).join(' ');
    const isKnown = node.phase.name.endsWith('.task') && shown.has(node.phase.name);
    const parts = isKnown && node.children.length > 0 ? `, ${node.children.length} parts` : '';
    lines.push(
      `${'  '.repeat(depth)}${node.phase.name} ${node.startUs} +${node.endUs - node.startUs}${notes && ` (${notes})`}${parts}`,
    );
    shown.add(node.phase.name);
    if (!isKnown) waiting.unshift(...node.children.map((child) => ({ node: child, depth: depth + 1 })));
  }
  if (failure !== null) lines.push(`  failure at line ${failure.line}: ${failure.message}`, `    cause: ${failure.cause}`);
  return `${lines.join('\n')}\n`;
}
