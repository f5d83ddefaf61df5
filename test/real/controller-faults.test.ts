import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { beginOf, untilJournal } from '../faults/command.ts';
import { counterName, counts, remains, startCounter, stop } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnce } from '../two-hosts.ts';

describeOnce('a controller that is disturbed', 'controller', (hosts) => {
  beforeEach(async () => {
    await startCounter(hosts().a);
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) await host.shell.run(`docker rm -f ${counterName}`);
  });

  describe('a terminal that goes away', () => {
    test('hang-up, and nobody reads any more, while the source is paused: rolled back', async () => {
      const { a, b } = hosts();
      const command = transship(['migrate', counterName, 'test:b', '--from', 'test:a', '--no-probe']);
      await said(command, /✔ pause /);
      command.stdout.destroy();
      command.stderr.destroy();
      command.kill('SIGHUP');
      expect((await command).exitCode).toBe(130);
      expect(await counts(a)).toBe(true);
      expect(await onHost(b, 'docker ps -aq')).toBe('');
    });

    test('a real one, killed while the source is paused: rolled back, with its own exit status', async () => {
      const { a, b } = hosts();
      const status = join(process.env.TRANSSHIP_TRACES ?? '', 'status');
      const words = [process.execPath, join(packageRoot(), 'dist/src/cli/main.js'), 'migrate', counterName, 'test:b'];
      // the shell passes the hang-up on, as shells do, and stays to tell the status
      const typed = `${words.join(' ')} --from test:a --no-probe & trap 'kill -HUP $!' HUP; wait $!; wait $!; echo $? >${status}`;
      const inTerminal = ['-c', 'exec script -qec "$0" /dev/null', typed];
      const terminal = execa('sh', inTerminal, { reject: false, stdin: 'ignore', buffer: false });
      await saidOn(terminal.stdout, /restart-policy-off[\s\S]*pause/);
      terminal.kill('SIGKILL');
      await expect.poll(() => existsSync(status) && readFileSync(status, 'utf8'), { timeout: 60_000 }).toBe('130\n');
      expect(await counts(a)).toBe(true);
      expect(await onHost(b, 'docker ps -aq')).toBe('');
    });

    test('only the reader of its words goes: the move goes on without him', async () => {
      const { a, b } = hosts();
      const command = transship(['migrate', counterName, 'test:b', '--from', 'test:a', '--no-probe']);
      await said(command, /✔ pause /);
      command.stdout.destroy();
      command.stderr.destroy();
      expect((await command).exitCode).toBe(0);
      expect(await counts(b)).toBe(true);
      expect(await onHost(a, 'docker ps -aq')).toBe('');
    });
  });

  describe('Ctrl-C', () => {
    const volume = '-v bulk:/bulk';

    beforeAll(async () => {
      await installRuntime(hosts().b);
    });

    beforeEach(async () => {
      const { a } = hosts();
      await onHost(a, `docker rm -f ${counterName}`);
      await startCounter(a, volume, 20);
      await onHost(a, 'head -c 50000000 /dev/urandom >/var/lib/docker/volumes/bulk/_data/file');
    });

    afterEach(async () => {
      for (const host of [hosts().a, hosts().b])
        await host.shell.run(`docker rm -f ${counterName}; docker volume rm bulk; docker image rm -f counter`);
    });

    const begin = (run: string, strategy: string = 'diskless') => {
      const words = ['migrate', counterName, 'test:b', '--from', 'test:a', '--no-probe', '--strategy', strategy];
      return transship([...words, '--volumes', 'copy', '--name', run]);
    };

    test.each([
      ['copy-volumes, which would take an hour', 'copy-volumes', 'a', stop('^rsync ')],
      ['dump', 'dump', 'a', 'true'],
      ['a dump whose page server stands still', 'dump', 'b', stop('^criu page-server')],
    ] as const)('in %s: rolled back, with 130', async (what, step, at, delay) => {
      const { a, b } = hosts();
      const before = [await remains(a), await remains(b)];
      const run = `interrupted-${what.length}-in-${step}`;
      const command = begin(run);
      expect(await untilJournal(command, run, beginOf(step))).toBe(true);
      await onHost(hosts()[at], delay);
      command.kill('SIGINT');
      const { exitCode, stderr } = await command;
      expect(exitCode, stderr).toBe(130);
      expect(stderr).toContain('interrupted: rolling back');
      expect(await counts(a)).toBe(true);
      expect([await remains(a), await remains(b)]).toEqual(before);
    });

    test.each([
      ['diskless', 'verify'],
      ['post-copy', 'residual'],
      ['diskless', 'collect-evidence'],
    ])('%s, past the go, in %s: nobody is promised a roll-back, and it ends as a move', async (strategy, step) => {
      const { a, b } = hosts();
      const run = `interrupted-in-${step}`;
      const command = begin(run, strategy);
      expect(await untilJournal(command, run, beginOf(step))).toBe(true);
      command.kill('SIGINT');
      const { exitCode, stderr } = await command;
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain('too late to roll back');
      expect(stderr).not.toContain('interrupted');
      expect(await counts(b)).toBe(true);
      expect(await onHost(a, 'docker ps -aq')).toBe('');
    });
  });

  describe('a full disk under the traces', () => {
    const before = process.env.TRANSSHIP_TRACES;
    let traces = '';

    beforeEach(() => {
      traces = mkdtempSync(join(tmpdir(), 'transship-full-'));
      shell(`mount -t tmpfs -o size=64k none "${traces}"`);
      process.env.TRANSSHIP_TRACES = traces;
    });

    afterEach(() => {
      if (before === undefined) delete process.env.TRANSSHIP_TRACES;
      else process.env.TRANSSHIP_TRACES = before;
      shell(`umount "${traces}"`);
      rmSync(traces, { recursive: true });
    });

    const fill = () => shell(`cat /dev/zero >"${traces}/full" 2>/dev/null; true`);
    const close = () => shell(`mount -o remount,ro "${traces}"`);

    test.each<[string, string, () => void, string]>([
      ['full from the checkpoint on', 'checkpoint', fill, 'migrated or rolled-back'],
      ['takes nothing from the checkpoint on', 'checkpoint', close, 'rolled-back'],
      ['takes nothing from the commit on', 'verify', close, 'migrated'],
    ])('%s: it is said, and one copy runs', async (_what, at, spoil, outcomes) => {
      const { a, b } = hosts();
      const { manifest } = await moveIt(hosts(), {
        container: counterName,
        onStep: ({ step, state }) => {
          if (step === at && state === 'begin') spoil();
        },
      });
      expect(outcomes).toContain(manifest.outcome);
      expect(manifest.warnings.join('\n')).toMatch(/the evidence is not whole: (ENOSPC|EROFS)/);
      expect(manifest.warnings.join('\n')).toMatch(/the run's end is not kept: .*run\.json: cannot be written/);
      const [alive, other] = manifest.outcome === 'migrated' ? [b, a] : [a, b];
      expect(await counts(alive)).toBe(true);
      expect(await onHost(other, `docker ps -aq --filter name=${counterName}`)).toBe('');
    });

    test('the command still says where the container is', async () => {
      const { b } = hosts();
      const command = transship(['migrate', counterName, 'test:b', '--from', 'test:a', '--no-probe']);
      await said(command, /✔ start /);
      fill();
      const { exitCode, stderr } = await command;
      expect({ exitCode, last: stderr.trim().split('\n').at(-1) }).toMatchObject({
        exitCode: 0,
        last: expect.stringMatching(/^counter runs on b; a holds nothing of it$/),
      });
      expect(await counts(b)).toBe(true);
    });
  });
});

function shell(script: string): void {
  execFileSync('sh', ['-c', script]);
}

/** Waits until the command has said it. */
async function said(command: ReturnType<typeof transship>, pattern: RegExp): Promise<void> {
  await Promise.race([
    saidOn(command.stderr, pattern),
    command.then(({ stderr }) => {
      throw new Error(`it ended, and said: ${stderr}`);
    }),
  ]);
}

async function saidOn(stream: Readable, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    });
  });
}
