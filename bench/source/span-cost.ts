import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { sideFile } from '../../src/instrument/side-file.ts';
import { medianOf } from '../../src/trace/median-interval.ts';
import { cacheFolder } from '../../vm/places.ts';

/** Nanoseconds a span, of rounds so short that some are not interrupted. What a round takes longer than the fastest is the machine's other work. */
export interface SpanCost {
  readonly state: 'on' | 'off' | 'empty';
  readonly fastestNs: number;
  readonly medianNs: number;
  readonly slowestNs: number;
  readonly rounds: number;
}

const limitMs = 300_000;

/** `empty`: a deferred call of a function that does nothing, with the same arguments: what Go asks for that alone. */
const benchmark = `package spancost

import "testing"

//go:noinline
func spanned(id string) (err error) {
	defer transshipSpan("runc.criu-swrk", "libcontainer.(*Container).criuSwrk", "container.id", id, "criu.request", "DUMP")(&err)
	return nil
}

//go:noinline
func nothing(name, code string, pairs ...string) func(...*error) { return transshipNothing }

//go:noinline
func bare(id string) (err error) {
	defer nothing("runc.criu-swrk", "libcontainer.(*Container).criuSwrk", "container.id", id, "criu.request", "DUMP")(&err)
	return nil
}

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func BenchmarkSpan(b *testing.B) {
	for i := 0; i < b.N; i++ {
		_ = spanned(id)
	}
}

func BenchmarkEmpty(b *testing.B) {
	for i := 0; i < b.N; i++ {
		_ = bare(id)
	}
}
`;

/** Go's own benchmark over the very file that stands beside instrumented functions, built in the tree `root` by Debian's Go. */
export async function measureSpanCost(root: string, goCache: string): Promise<readonly SpanCost[]> {
  const work = mkdtempSync(join(cacheFolder, 'spancost-'));
  try {
    const folder = join(work, 'src/spancost');
    for (const each of [folder, goCache]) mkdirSync(each, { recursive: true });
    writeFileSync(join(folder, 'zz_transship_span.go'), sideFile('spancost'));
    writeFileSync(join(folder, 'span_test.go'), benchmark);
    const run = async (bench: string, events: string, times: number): Promise<readonly number[]> => {
      const command = `: >/tmp/events; TRANSSHIP_SOURCE_EVENTS=${events} go test -bench ${bench} -count 60 -benchtime ${times}x spancost`;
      const words = [join(packageRoot(), 'vm/in-go-root.sh'), root, work, goCache, 'sh', '-c', command];
      const { stdout } = await execa('sh', words, { timeout: limitMs });
      return [...stdout.matchAll(/([\d.]+) ns\/op/g)].map((match) => Number(match[1]));
    };
    return [
      costOf('on', await run('Span', '/tmp/events', 500)),
      costOf('off', await run('Span', '', 20_000)),
      costOf('empty', await run('Empty', '', 20_000)),
    ];
  } finally {
    rmSync(work, { recursive: true });
  }
}

function costOf(state: SpanCost['state'], ns: readonly number[]): SpanCost {
  return { state, fastestNs: Math.min(...ns), medianNs: medianOf(ns), slowestNs: Math.max(...ns), rounds: ns.length };
}
