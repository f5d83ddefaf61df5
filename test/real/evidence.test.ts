import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRecords } from '../../src/evidence/json-lines.ts';
import { dockerEventRecord } from '../../src/evidence/record-schemas.ts';
import { packageRoot, tracesRoot } from '../../src/evidence/run-folder.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import { mark } from '../../src/migrate/mark.ts';
import { dockerRootFolder } from '../../src/migrate/whole/docker-root.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, killDockerd, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** Where /etc/criu/runc.conf of the test hosts has CRIU write. */
const dumpLog = '/var/lib/transship/criu/dump.log';

describeOnHosts('evidence of a move', 'evidence', (hosts) => {
  beforeEach(async () => {
    await startCounter(hosts().a);
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await reviveDockerd(host);
      await host.shell.run(`docker rm -f ${counterName}; docker image rm -f counter`);
    }
  });

  test('dockerd killed in mid-checkpoint, by a process that knows nothing yet of the hosts: CRIU’s log, dockerd’s, and those of the other host', async () => {
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    const pending: Promise<unknown>[] = [];
    const { manifest, folder } = await moveIt(
      { a, b },
      {
        container: counterName,
        onStep: ({ step, state }) => {
          if (step === 'checkpoint' && state === 'begin')
            pending.push(
              onHost(
                hosts().a,
                `timeout 20 sh -c 'until grep -qs "Dumping processes" ${dumpLog}; do sleep 0.01; done' && ${killDockerd}`,
              ),
            );
        },
      },
    );
    await Promise.all(pending);
    expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'checkpoint' } });
    const evidence = (file: string) => readFileSync(join(folder.path, 'evidence', file), 'utf8');
    expect(evidence('a/criu/dump.log')).toContain('Dumping processes');
    expect(evidence('a/dockerd.log')).toContain('/checkpoints');
    expect(evidence('b/dockerd.log')).not.toBe('');
    expect(readRecords(join(folder.path, 'evidence/b/events.jsonl'), dockerEventRecord).map(({ action }) => action)).toContain(
      'create',
    );
    expect(manifest.warnings.join('\n')).toMatch(/evidence of a: Docker's events: .*Docker does not answer/);
    expect(await counts(a)).toBe(true);
  });

  test('a Docker root that could not be learnt is asked for again', async () => {
    await using host = await connectHost('test:b');
    await onHost(host, killDockerd);
    await expect(dockerRootFolder(host)).rejects.toThrow(/Docker does not answer/);
    await reviveDockerd(host);
    expect(await dockerRootFolder(host)).toBe('/var/lib/docker');
  });

  test('the window begins by the host’s own clock', async () => {
    const { a } = hosts();
    const ahead = `#!/bin/sh\nexec /bin/date -d '+1 hour' "$@"`;
    await onHost(a, `cat >/usr/local/bin/date <<'END'\n${ahead}\nEND\nchmod +x /usr/local/bin/date`);
    const { sinceNs } = await mark(a, null);
    await onHost(a, 'rm /usr/local/bin/date');
    expect(Number(sinceNs / 1_000_000_000n) - Date.now() / 1000).toBeGreaterThan(3000);
  });

  test('logs that somebody else’s CRIU left are neither deleted nor taken for this run’s', async () => {
    const { a } = hosts();
    const { criuFolder } = await mark(a, null);
    await onHost(a, `echo 'of another' >${criuFolder}/restore.log; echo 'of another' >${criuFolder}/dump.log`);
    const { manifest, folder } = await moveIt(hosts(), { container: counterName });
    expect(manifest.outcome).toBe('migrated');
    expect(readFileSync(join(folder.path, 'evidence/a/criu/dump.log'), 'utf8')).not.toContain('of another');
    expect(existsSync(join(folder.path, 'evidence/a/criu/restore.log'))).toBe(false);
    expect(await onHost(a, `cat ${criuFolder}/dump.log.old ${criuFolder}/restore.log.old`)).toBe('of another\nof another');
  });

  test('a second move on a host is refused before anything is touched, and goes when the first has ended, however it ended', async () => {
    const { a, b } = hosts();
    const runsBefore = readdirSync(tracesRoot());
    const program = `
      const { connectHost } = await import('${packageRoot()}/dist/src/hosts/connect.js');
      const { lockHost } = await import('${packageRoot()}/dist/src/migrate/host-lock.js');
      await lockHost(await connectHost('test:a'));
      console.log('held');`;
    const first = execa('node', ['--input-type=module', '-e', program], { reject: false });
    await once(first.stdout, 'data');
    // also where runc.conf names no folder that both would write into
    const conf = '/etc/criu/runc.conf';
    for (const change of [`cp ${conf} /run/kept.conf; sed -i /^work-dir/d ${conf}`, `mv /run/kept.conf ${conf}`]) {
      await onHost(a, change);
      await expect(moveIt(hosts(), { container: counterName })).rejects.toMatchObject({
        code: 'not-ready',
        message: expect.stringMatching(/^a: another migration is under way there, and one at a time/),
        hint: expect.stringMatching(/process \d+ on a ends with it/),
      });
    }
    expect(readdirSync(tracesRoot())).toEqual(runsBefore);
    first.kill('SIGKILL');
    await first;
    const { manifest } = await moveIt(hosts(), { container: counterName });
    expect(manifest.outcome).toBe('migrated');
    const held = 'for p in /proc/[0-9]*; do [ "$(readlink $p/fd/9)" = /run/docker ] && echo $p; done; true';
    for (const host of [a, b]) expect(await onHost(host, held)).toBe('');
  });
});
