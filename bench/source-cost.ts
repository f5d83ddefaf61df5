/**
 * What an injected span costs: Go's own benchmark over the very file that stands beside instrumented functions, built by Debian's Go.
 *
 *   npm run -s bench:source            at most 10 µs while it writes, 100 ns while it does not
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';
import { goRootOf } from '../src/instrument/build-programs.ts';
import { programsOf } from '../src/instrument/programs.ts';
import { sideFile } from '../src/instrument/side-file.ts';
import { cacheFolder } from '../vm/build-cache.ts';

const limits = { on: 10_000, off: 100 } as const;

const benchmark = `package spancost

import "testing"

func spanned(id string) (err error) {
	defer transshipSpan("runc.criu-swrk", "libcontainer.(*Container).criuSwrk", "container.id", id, "criu.request", "DUMP")(&err)
	return nil
}

func BenchmarkSpan(b *testing.B) {
	for i := 0; i < b.N; i++ {
		_ = spanned("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
	}
}
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const programs = programsOf('debian13').filter(({ needsBuildDepends }) => !needsBuildDepends);
const root = await goRootOf({ set: 'debian13', programs, say });
const work = mkdtempSync(join(cacheFolder, 'spancost-'));
try {
  const folder = join(work, 'src/spancost');
  const goCache = join(cacheFolder, 'gocache-debian13');
  for (const each of [folder, goCache]) mkdirSync(each, { recursive: true });
  writeFileSync(join(folder, 'zz_transship_span.go'), sideFile('spancost'));
  writeFileSync(join(folder, 'span_test.go'), benchmark);
  for (const state of ['on', 'off'] as const) {
    const events = state === 'on' ? '/tmp/events' : '';
    const command = `: >/tmp/events; TRANSSHIP_SOURCE_EVENTS=${events} go test -bench Span -count 7 -benchtime 20000x spancost`;
    const words = [join(packageRoot(), 'vm/in-go-root.sh'), root, work, goCache, 'sh', '-c', command];
    const { stdout } = await execa('sh', words, { timeout: 300_000 });
    const ns = [...stdout.matchAll(/([\d.]+) ns\/op/g)].map((match) => Number(match[1])).sort((a, b) => a - b);
    const median = ns[Math.floor(ns.length / 2)] ?? Number.NaN;
    process.stdout.write(
      `span ${state}  ${ns[0]} ns  (limit ${limits[state]} ns; fastest of ${ns.length} rounds, median ${median}, slowest ${ns.at(-1)})\n`,
    );
    // what a round takes longer than the fastest is the machine's other work
    if (!((ns[0] ?? Number.NaN) <= limits[state])) process.exitCode = 5;
  }
} finally {
  rmSync(work, { recursive: true });
}
