import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { TransshipError } from '../../src/error.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import type { Host } from '../../src/hosts/host.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { isAlive } from '../../vm/process-identity.ts';
import { takeDown } from '../../vm/testbed-down.ts';
import { type TestbedState, testbedFolder } from '../../vm/testbed-state.ts';
import { bringUp } from '../../vm/testbed-up.ts';
import type { PackageSet } from '../../vm/versions.ts';
import { type WorkloadImage, workloadImage } from '../../vm/workload-image.ts';

/** Two hosts that are up for one part of the bench, with our runtime and the workload's image. */
export interface TestPair {
  readonly a: Host;
  readonly b: Host;
  readonly testbed: TestbedState;
  readonly image: WorkloadImage;
  /** Aborted by Ctrl-C: whoever waits long asks it. */
  readonly signal: AbortSignal;
}

export interface PairOptions {
  /** The set's name: benches of different names go side by side. */
  readonly set?: string;
  readonly extra?: readonly string[];
  readonly packages?: PackageSet;
  /** Each host's cable carries no more: Mbit/s. */
  readonly linkMbit?: number;
  readonly say: (line: string) => void;
}

/** Runs are thrown away, unless TRANSSHIP_TRACES says where to keep them. Brings the pair up, and takes it down however `use` ends: by an error, or by Ctrl-C. */
export async function withPair<T>(options: PairOptions, use: (pair: TestPair) => Promise<T>): Promise<T> {
  const { say, extra = [], set = 'bench-downtime', packages = 'debian13' } = options;
  refuseWhileOther(set);
  process.env.TRANSSHIP_TESTBED = set;
  const kept = process.env.TRANSSHIP_TRACES;
  process.env.TRANSSHIP_TRACES = kept ?? mkdtempSync(join(tmpdir(), 'transship-bench-'));
  const stop = new AbortController();
  const interrupt = () => stop.abort(new TransshipError('interrupted', 'the bench was interrupted', 'nothing of it is left'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  try {
    await takeDown(set); // what a killed bench has left has other cables, or other packages
    const image = await workloadImage(say);
    const up = { set, cgroup: 'v2', say, signal: stop.signal, extra, packages } as const;
    const testbed = await bringUp(up);
    if (options.linkMbit !== undefined) await narrowCables(testbed, options.linkMbit);
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    await installRuntime(b);
    for (const host of [a, b]) await text(await host.docker.loadImage(createReadStream(image.file)));
    return await use({ a, b, testbed, image, signal: stop.signal });
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
    await takeDown(set);
    if (kept === undefined) rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

/** Two at a time would move each other's containers, and spoil each other's figures. */
function refuseWhileOther(set: string): void {
  const file = join(testbedFolder(set), 'maker');
  const [pid, start] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  if (start === undefined || !isAlive(Number(pid), start)) return;
  throw new TransshipError('not-ready', `the bench runs already, as process ${pid}`, 'wait for it, or interrupt it');
}

/**
 * tc-tbf(8) at the switch's ends of both cables, so towards each host. The bucket takes a whole segment as the kernel hands them on (64 KiB), four
 * of them, and what waits longer than 50 ms is dropped, as a switch with 6 MB of memory would.
 */
async function narrowCables({ wireNamespace, hosts }: TestbedState, mbit: number): Promise<void> {
  for (const { name } of hosts) {
    const words = ['dev', `to-${name}`, 'root', 'tbf', 'rate', `${mbit}mbit`, 'burst', '256kb', 'latency', '50ms'];
    await execa('nsenter', [`--net=${wireNamespace}`, 'tc', 'qdisc', 'add', ...words], { timeout: 30_000 });
  }
}
