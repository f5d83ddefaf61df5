import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MoveOptions } from '../../src/migrate/plan.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { transship } from '../built-command.ts';
import { dockerState, onHost } from '../destination-state.ts';
import { counterName, counts, remains, startCounter, stop } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';

interface Row {
  readonly strategy: string;
  readonly isPossible: boolean;
  readonly isTaken: boolean;
  readonly downtimeUs: { readonly low: number; readonly likely: number; readonly high: number };
  readonly bytes: { readonly low: number; readonly high: number };
  readonly missing: readonly string[];
  readonly why: string;
}

const migrate = (...more: readonly string[]) => transship(['migrate', counterName, 'test:b', '--from', 'test:a', ...more]);

/** From before the container runs nobody is told that it does: its shim, which would tell, stands still until so long after the resume. */
const stopShim = ({ isRestoring, hasResumed }: { isRestoring: string; hasResumed: string }, seconds: number) => `
  for i in $(seq 15000); do if ${isRestoring}; then break; fi; sleep 0.001; done
  pkill -STOP -f '^[^ ]*containerd-shim' || exit
  for i in $(seq 15000); do if ${hasResumed}; then break; fi; sleep 0.001; done
  sleep ${seconds}; pkill -CONT -f '^[^ ]*containerd-shim'`;

const marked = (mark: string) => `grep -qs ' ${mark}' /run/transship/*/marks`;
const byMarks = { isRestoring: marked('runtime.heard go'), hasResumed: marked('runtime.restored 0') };
const byProcesses = {
  isRestoring: "grep -qs '^perl$' /proc/[0-9]*/comm",
  hasResumed: "! pgrep -f 'runc .*restore' >/dev/null",
};

describeOnHosts('which way to move', 'choice', (hosts) => {
  beforeAll(async () => {
    await installRuntime(hosts().b);
  });

  beforeEach(async () => {
    await startCounter(hosts().a, '--restart unless-stopped');
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b])
      await host.shell.run(`docker rm -f ${counterName}; docker image rm -f counter`, { timeoutMs: 60_000 });
  });

  const rows = async (...more: readonly string[]): Promise<readonly Row[]> => {
    const { stdout, stderr } = await migrate('--dry-run', '--format', 'json', ...more);
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout).strategies;
  };

  test('--dry-run prints the expected downtime and bytes of every strategy, whichever is asked for, and touches nothing', async () => {
    const state = async () => [await dockerState(hosts().a), await dockerState(hosts().b)];
    const before = await state();
    for (const strategy of ['docker', 'cold', 'diskless', 'post-copy', 'auto']) {
      const listed = await rows('--strategy', strategy);
      expect(listed.map((row) => row.strategy)).toEqual(['docker', 'cold', 'diskless', 'pre-copy', 'post-copy', 'hybrid']);
      const hasRounds = ({ strategy: name }: Row) => ['pre-copy', 'hybrid'].includes(name);
      for (const row of listed.filter(hasRounds)) {
        expect(row).toMatchObject({
          missing: ['write rate'],
          why: expect.stringMatching(/changed pages|not known before/),
        });
        expect(row.downtimeUs.high).toBeGreaterThan(2 * row.downtimeUs.low);
        expect(row.bytes.high).toBeGreaterThan(5 * row.bytes.low); // as often as rounds may send it
      }
      const all = listed.filter((one) => !hasRounds(one));
      expect(all.filter((row) => row.isTaken).map((row) => row.strategy)).toEqual([strategy === 'auto' ? 'diskless' : strategy]);
      for (const { isPossible, downtimeUs, bytes, why } of all) {
        expect(isPossible).toBe(true);
        expect(why).not.toBe('');
        expect(downtimeUs.low).toBeGreaterThan(50_000);
        expect(downtimeUs.likely).toBeGreaterThanOrEqual(downtimeUs.low);
        expect(downtimeUs.high).toBeGreaterThanOrEqual(downtimeUs.likely);
        expect(bytes.low).toBeGreaterThan(40e6); // the counter's 20 MB, twice: perl makes the text, and keeps it
        expect(bytes.high).toBeLessThan(60e6);
      }
    }
    const { stdout } = await migrate('--dry-run', '--strategy', 'auto');
    expect(stdout).toMatch(/^docker +possible +\S+ m?s \(.*\) +\d+\.\d MB +longer than diskless by about .*$/m);
    expect(stdout).toMatch(/^post-copy +possible .* only with --allow-post-copy: /m);
    expect(stdout).toMatch(/^fact +ssh carries \S+ [MG]B\/s from host to host$/m);
    expect(await state()).toEqual(before);
    expect(await counts(hosts().a)).toBe(true);
  });

  test('without our runtime there, auto falls back to docker, and says what the others lack', async () => {
    const { b } = hosts();
    await onHost(b, 'mv /usr/local/lib/transship /usr/local/lib/transship.away');
    try {
      const all = await rows('--strategy', 'auto');
      expect(all.filter((row) => row.isTaken).map((row) => row.strategy)).toEqual(['docker']);
      for (const row of all.filter(({ isTaken }) => !isTaken))
        expect(row).toMatchObject({
          isPossible: false,
          why: expect.stringMatching(/(^|; )b: it has no runtime of ours \(transship wrap install/),
        });
      const { stdout } = await migrate('--dry-run', '--strategy', 'auto', '--page-port', '15000');
      expect(stdout).toMatch(/^warning +--page-port 15000 is not needed: docker sends no memory by a port of its own$/m);
    } finally {
      await onHost(b, 'mv /usr/local/lib/transship.away /usr/local/lib/transship');
    }
  });

  test('auto takes diskless and says why; what was expected stands beside what was', async () => {
    const { stdout, stderr, exitCode } = await migrate('--strategy', 'auto');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/^auto +diskless, \d.* \(.*\): the memory goes straight into the destination's/m);
    expect(stderr).toMatch(/^ +not +post-copy, \d.* \(.*\): only with --allow-post-copy/m);
    expect(stdout).toMatch(/^predicted +\S+ m?s \(\S+ m?s-\S+ m?s\), was \S+ m?s\n +\S+ MB \(\S+ MB-\S+ MB\), was \S+ MB$/m);
    expect(await counts(hosts().b)).toBe(true);
  });

  test('auto takes post-copy where that is allowed, and prints the prediction of the other, too', async () => {
    const { stdout, stderr, exitCode } = await migrate('--strategy', 'auto', '--allow-post-copy', '--format', 'json');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/^auto +post-copy, \d/m);
    expect(stderr).toMatch(/^ +not +diskless, \d.* \(.*\): longer than post-copy by about/m);
    const { strategy, predicted, chosenWhy, downtime } = JSON.parse(stdout);
    expect({ strategy, chosenWhy }).toMatchObject({
      strategy: 'post-copy',
      chosenWhy: expect.stringMatching(/runs there before/),
    });
    const { downtimeUs } = predicted.find((one: Row) => one.strategy === 'post-copy');
    expect(downtime.tracedUs).toBeGreaterThan(downtimeUs.low / 2);
    expect(downtime.tracedUs).toBeLessThan(downtimeUs.high * 3); // a busy machine may take longer than was ever seen, not ten times
  });

  test('a limit that nothing can keep is refused before anything is touched', async () => {
    const state = async () => [await dockerState(hosts().a), await dockerState(hosts().b)];
    const before = await state();
    for (const strategy of ['docker', 'auto']) {
      const { stderr, exitCode } = await migrate('--strategy', strategy, '--downtime-limit', '1ms');
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(
        /counter would stand still for \S+ m?s \(.*\) by (docker|diskless), and the limit is 1\.00 ms\n {2}hint: /,
      );
    }
    expect(await state()).toEqual(before);
    const wrong = await migrate('--downtime-limit', 'soon');
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/hint: a number and a unit: 300ms/) });
  });

  describe('a freeze that lasts longer than the limit is rolled back', () => {
    const limitMs = 1_500;
    let before: { readonly a: string; readonly b: string };

    beforeEach(async () => {
      before = { a: await remains(hosts().a), b: await remains(hosts().b) };
    });

    const expectOnSourceAlone = async () => {
      const { a, b } = hosts();
      expect(await counts(a)).toBe(true);
      expect(await onHost(b, "grep -ls '^perl$' /proc/[0-9]*/comm | wc -l; pgrep -f '^criu' | wc -l")).toBe('0\n0');
      expect({ a: await remains(a), b: await remains(b) }).toEqual(before);
      const policy = `docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.State.Status}}' ${counterName}`;
      expect(await onHost(a, policy)).toBe('unless-stopped running');
    };

    test.each<{ strategy: MoveOptions['strategy']; what: string; on: 'a' | 'b'; during: string; pattern: string }>([
      { strategy: 'cold', what: 'CRIU stopped in the dump', on: 'a', during: 'dump', pattern: '^criu: dump' },
      { strategy: 'diskless', what: 'the page server stopped', on: 'b', during: 'dump', pattern: '^criu page-server' },
      // looked for early, as it is done in tens of milliseconds
      { strategy: 'post-copy', what: 'the restore stopped', on: 'b', during: 'dump', pattern: '^criu: restore' },
    ])('$strategy, $what', async ({ strategy, on, during, pattern }) => {
      const shell = await hosts()[on].openShell();
      const pending: Promise<unknown>[] = [];
      const { manifest } = await moveIt(hosts(), {
        container: counterName,
        options: { strategy },
        downtimeLimitMs: limitMs,
        onStep: ({ step, state }) => {
          if (step === during && state === 'begin') pending.push(shell.run(stop(pattern), { timeoutMs: 20_000 }));
        },
      });
      await Promise.all(pending);
      await shell[Symbol.asyncDispose]();
      const said = /^counter stood still for (\d+\.\d+) s, and the limit is 1\.50 s$/;
      expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { code: 'failed', message: expect.stringMatching(said) } });
      const lastedS = Number(said.exec(manifest.error?.message ?? '')?.[1]);
      expect(lastedS).toBeGreaterThanOrEqual(limitMs / 1e3);
      // the limit ended it, and none of the longer waits of the steps; how soon is a matter of the machine's load
      expect(lastedS).toBeLessThan(10);
      await expectOnSourceAlone();
    });

    const runsOnDestination = async () => {
      const { a, b } = hosts();
      expect(await counts(b)).toBe(true);
      expect(await onHost(a, 'docker ps -aq')).toBe('');
      for (const host of [a, b]) expect(await onHost(host, 'ls -A /run/transship 2>/dev/null; true')).toBe('');
    };

    test.each([
      { strategy: 'diskless', during: 'dump', when: byMarks },
      { strategy: 'post-copy', during: 'dump', when: byMarks },
      { strategy: 'docker', during: 'start', when: byProcesses },
    ] as const)('$strategy: not where only the word of it comes after the limit, as it runs there by then', async (row) => {
      const shell = await hosts().b.openShell();
      const pending: Promise<unknown>[] = [];
      const limit = 8_000; // what the freeze may take on a busy machine
      const { manifest } = await moveIt(hosts(), {
        container: counterName,
        options: { strategy: row.strategy },
        downtimeLimitMs: limit,
        onStep: ({ step, state }) => {
          if (step === row.during && state === 'begin')
            pending.push(shell.run(stopShim(row.when, limit / 1e3 + 2), { timeoutMs: 60_000 }));
        },
      });
      const delayed = await Promise.allSettled(pending);
      await shell[Symbol.asyncDispose]();
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(delayed).toMatchObject([{ value: { exitCode: 0 } }]);
      expect(manifest.warnings.join('\n')).not.toMatch(/is undone/);
      await runsOnDestination();
    });

    // refused beforehand (3) where the machine is so busy for a moment that ssh carries next to nothing
    test('docker, whose content store takes longer than that: exit status 1', { retry: 2 }, async () => {
      const { stderr, exitCode } = await migrate('--downtime-limit', '1.8s', '--volumes', 'copy');
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toMatch(/error: counter stood still for \d\.\d+ s, and the limit is 1\.80 s\n {2}hint: /);
      expect(stderr).toMatch(/counter runs on a/);
      await expectOnSourceAlone();
    });
  });
});
