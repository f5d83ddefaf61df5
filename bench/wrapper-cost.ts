/**
 * What does our runtime cost a call of runc while nothing is moved? `runc --version` by itself and by way of runtime.sh, in turns, on a
 * test host: the second minus the first of each pair. `npm run -s bench:wrapper -- RUNS`
 */
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { connectHost } from '../src/hosts/connect.ts';
import { hostFile } from '../src/wrap/host-files.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

interface Pair {
  readonly oursMs: number;
  readonly plainMs: number;
}

const set = 'bench-wrap';
const runtime = '/tmp/transship-runtime';
const warmUps = 10;
const limitMs = 300_000;

// Whoever goes first takes turns: the second finds the caches warm. Both are forked by the same shell.
const clock = `
took() {
  local begun=$EPOCHREALTIME
  "$1" --version >/dev/null || exit
  local ended=$EPOCHREALTIME
  tookUs=$((\${ended/./} - \${begun/./}))
}
for ((run = 0; run < $1; run++)); do
  if ((run % 2)); then took runc; plainUs=$tookUs; took ${runtime}; else took ${runtime}; oursUs=$tookUs; took runc; fi
  if ((run % 2)); then oursUs=$tookUs; else plainUs=$tookUs; fi
  echo "$oursUs $plainUs"
done`;

async function measure(runs: number): Promise<readonly Pair[]> {
  process.env.TRANSSHIP_TESTBED = set;
  try {
    await bringUp({ set, cgroup: 'v2', say: (line) => process.stderr.write(`${line}\n`), signal: new AbortController().signal });
    await using host = await connectHost('test:a');
    await host.shell.run(`cat >${runtime} && chmod 755 ${runtime}`, { stdin: hostFile('runtime') });
    const { stdout, stderr, exitCode } = await host.shell.run(`bash -s ${runs + warmUps}`, { stdin: clock, timeoutMs: limitMs });
    if (exitCode !== 0) throw new TransshipError('failed', `the calls failed: ${stderr.trim()}`, 'transship doctor test:a');
    const pairs = stdout.trim().split('\n').slice(warmUps);
    return pairs
      .map((line) => line.split(' ').map((us) => Number(us) / 1e3))
      .map(([oursMs = 0, plainMs = 0]) => ({ oursMs, plainMs }));
  } finally {
    await takeDown(set);
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Median, and the middle half. */
function spread(values: readonly number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(2));
  return `${middle} ms, ${low}-${high}`;
}

try {
  const runs = Number(process.argv[2] ?? 400);
  if (!Number.isInteger(runs) || runs < 1)
    throw new TransshipError('usage', `${process.argv[2]} is no number of runs`, 'npm run -s bench:wrapper -- 400');
  const pairs = await measure(runs);
  const ours = pairs.map(({ oursMs }) => oursMs);
  const plain = pairs.map(({ plainMs }) => plainMs);
  const costs = pairs.map(({ oursMs, plainMs }) => oursMs - plainMs);
  const ratio = (quantile(ours, 0.5) / quantile(plain, 0.5)).toFixed(2);
  process.stdout.write(
    `wrapper-cost  ${ratio}  (ours ${spread(ours)} / runc ${spread(plain)}, ${runs} pairs; a pair's difference ${spread(costs)})\n`,
  );
} catch (error) {
  process.exitCode = reportError(error);
}
