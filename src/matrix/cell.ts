import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { takeDown } from '../../vm/testbed-down.ts';
import type { HostVersions } from '../../vm/testbed-state.ts';
import { bringUp } from '../../vm/testbed-up.ts';
import { untilAborted } from '../../vm/until-aborted.ts';
import { TransshipError } from '../error.ts';
import { connectHost } from '../hosts/connect.ts';
import type { Host } from '../hosts/host.ts';
import { nowNs } from '../trace/time.ts';
import { failureOf } from './cause.ts';
import type { CellRequest, Played } from './cell-request.ts';
import type { Cell, CellFailure, CellResult, PhaseResult } from './cells.ts';
import { evidenceRoot, ownTest, withEvidence } from './own-test.ts';
import { playWords } from './user-test.ts';

const vm = { cpus: 1, memoryMib: 1024 };

/**
 * Boots the cell's hosts, plays the test, and takes them down, however it ends. A cell that does not work is a result.
 * @throws TransshipError what keeps it from being played here: `not-ready`, `interrupted`
 */
export async function playCell(cell: Cell, request: CellRequest): Promise<CellResult> {
  const { set, signal, say, words, isSaved } = request;
  const beganMs = performance.now();
  const boot = (isOk: boolean): PhaseResult => ({ name: 'boot', isOk, durationMs: Math.round(performance.now() - beganMs) });
  const result = (versions: HostVersions | null, played: Played): CellResult => ({
    ...{ kernel: cell.kernel, packages: cell.packages, versions, ...played },
    endedNs: String(nowNs()),
  });
  const hosts = words.length === 0 ? ['a'] : ['a', 'b'];
  try {
    await takeDown(set); // what an earlier matrix left that was killed
    const options = { set, hosts, cgroup: 'v2', packages: cell.packages, vm: { ...vm, kernel: cell.kernel, isSaved } } as const;
    const { versions } = await bringUp({ ...options, say, signal });
    const booted = boot(true);
    // when it is interrupted the hosts go, and whatever is under way on them fails
    const played = await untilAborted(signal, words.length === 0 ? playOwnTest(request) : playWords(request), 'interrupted');
    return result(versions, { ...played, phases: [booted, ...played.phases] });
  } catch (error) {
    if (signal.aborted || !(error instanceof TransshipError) || error.code !== 'failed') throw error;
    const failure = { phase: 'boot', message: error.message, cause: null, hint: error.hint };
    return result(null, { phases: [boot(false)], failures: [failure], run: null });
  } finally {
    await takeDown(set);
  }
}

async function playOwnTest({ set, folder, keep, signal }: CellRequest): Promise<Played> {
  await using host = await connectHost('test:a', { signal, env: { ...process.env, TRANSSHIP_TESTBED: set } });
  const phases: PhaseResult[] = [];
  const said = new Map<string, string>();
  for (const phase of ownTest) {
    if (!phase.needs.every((name) => phases.some((done) => done.name === name && done.isOk))) continue;
    const beganMs = performance.now();
    const { exitCode, stderr } = await asked(host, withEvidence(phase), phase.limitMs);
    phases.push({ name: phase.name, isOk: exitCode === 0, durationMs: Math.round(performance.now() - beganMs) });
    if (exitCode !== 0) said.set(phase.name, stderr);
  }
  const kept = await keep(await fetchEvidence(host, folder));
  const facts = said.size === 0 ? null : await host.facts();
  const failures = [...said].map(
    ([phase, words]): CellFailure => failureOf(phase, { said: words, logs: kept?.logs ?? [], facts }),
  );
  return { phases, failures, run: kept?.run ?? null };
}

/** What runs over its limit has failed, as what says so has. */
async function asked(host: Host, script: string, timeoutMs: number): Promise<{ exitCode: number; stderr: string }> {
  try {
    return await host.shell.run(script, { timeoutMs });
  } catch (error) {
    if (error instanceof TransshipError && /no end within/.test(error.message)) return { exitCode: 124, stderr: error.message };
    throw error;
  }
}

async function fetchEvidence(host: Host, folder: string): Promise<string> {
  const archive = join(folder, 'evidence.tar.gz');
  const process = host.spawn(`tar -C ${evidenceRoot} --exclude=pre-dump-images -cz .`);
  await pipeline(process.stdout, createWriteStream(archive));
  await process.ended;
  return archive;
}
