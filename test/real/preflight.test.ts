import { afterEach, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { transship } from '../built-command.ts';
import { dockerState, onHost } from '../destination-state.ts';
import { counterName, counts, doAtOnce, dropPageChannel, letIn, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

interface Row {
  readonly name: string;
  readonly host: string;
  readonly status: string;
  readonly found: string;
  readonly hint: string;
}

/** The rows of `transship doctor` for the counter that are not ok, by name and host. */
async function doctor(...more: readonly string[]): Promise<Readonly<Record<string, Row>>> {
  const { stdout } = await transship(['doctor', 'test:a', 'test:b', '--container', counterName, '--format', 'json', ...more]);
  const { checks } = JSON.parse(stdout) as { checks: readonly Row[] };
  return Object.fromEntries(checks.filter(({ status }) => status === 'fail').map((row) => [`${row.name} ${row.host}`, row]));
}

describeOnHosts('refused before anything is touched', 'preflight', (hosts) => {
  afterEach(async () => {
    const clean = `docker rm -f ${counterName} other; docker network rm shop; docker volume prune -af; docker image prune -af
      for m in /tmp /srv/small; do umount $m; done; rm -rf /srv/small`;
    for (const host of [hosts().a, hosts().b]) {
      await host.shell.run(clean);
      await letIn(host);
    }
  });

  test('too little disk: for the images on the source, for a copied folder on the destination', async () => {
    const { a, b } = hosts();
    for (const host of [a, b]) await onHost(host, 'mkdir -p /srv/small');
    await onHost(a, 'mkdir /srv/small/data; head -c 9M /dev/zero >/srv/small/data/file');
    await startCounter(a, '-v /srv/small/data:/data');
    await onHost(a, 'mount -t tmpfs -o size=8m none /tmp');
    await onHost(b, 'mount -t tmpfs -o size=8m none /srv/small');
    const failed = await doctor('--volumes', 'copy');
    expect(failed).toMatchObject({
      'disk a': { found: expect.stringMatching(/MB free in \/tmp, about \d+(?:\.\d)? MB needed$/) },
      'disk b': { found: expect.stringMatching(/MB free in \/srv\/small, about 9\.\d+ MB needed$/) },
    });
    await expectRefused(hosts(), /disk|free in \/tmp/);
  });

  test('a fixed address that the network of that name does not have there, and one that is taken', async () => {
    const { a, b } = hosts();
    await onHost(a, 'docker network create --subnet 172.30.0.0/24 shop');
    await startCounter(a, '--network shop --ip 172.30.0.5');
    await onHost(b, 'docker network create --subnet 172.31.0.0/24 shop');
    const reason =
      "network shop is there already, but its subnet 172.31.0.0/24 does not hold the container's fixed address 172.30.0.5";
    expect(await doctor()).toMatchObject({ 'networks b': { found: reason } });
    await expectRefused(hosts(), new RegExp(`^b: ${reason}`));
    await onHost(b, 'docker network rm shop; docker network create --subnet 172.30.0.0/16 other-shop');
    await expectRefused(hosts(), /^b: network shop cannot be made: its subnet overlaps/);
    await onHost(b, 'docker network rm other-shop');
  });

  test('a range of ports, when none of it is free', async () => {
    const { a, b } = hosts();
    await startCounter(a, '-p 8090-8091:80');
    const listen = (port: number) =>
      `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalPort => ${port}) or die; exit if fork; sleep 300' >/dev/null 2>&1`;
    await onHost(b, listen(8090));
    expect(await doctor()).toEqual({});
    await onHost(b, listen(8091));
    expect(await doctor()).toMatchObject({ 'ports b': { found: 'tcp/8090-8091 taken' } });
    await onHost(b, 'pkill -f LocalPort');
  });

  test('frozen behind Docker’s back, as a move leaves its source that was not brought to its end: no second copy is made of it', async () => {
    const { a, b } = hosts();
    const id = await startCounter(a);
    const runc = `runc --root /run/docker/runtime-runc/moby`;
    await onHost(a, `${runc} pause ${id}`);
    const state = async () => [await dockerState(a), await dockerState(b), await onHost(a, `${runc} state ${id}`)];
    const before = await state();
    for (const strategy of ['docker', 'cold', 'auto']) {
      const words = ['migrate', counterName, 'test:b', '--from', 'test:a', '--strategy', strategy];
      const { exitCode, stderr } = await transship(words);
      expect(stderr).toMatch(/it stands frozen, though Docker calls it running/);
      expect(stderr).toMatch(/hint: .*transship recover RUN/);
      expect(exitCode).toBe(3);
    }
    expect(await doctor()).toMatchObject({ 'running a': { hint: expect.stringContaining(`${id}/cgroup.freeze`) } });
    expect(await state()).toEqual(before);
    await onHost(a, `${runc} resume ${id}`);
    expect(await counts(a)).toBe(true);
    expect(await doctor()).toEqual({});
  });

  test('doctor --strategy post-copy also looks at what that way needs: our runtime, the size of pipes, pages on demand', async () => {
    const words = ['doctor', 'test:a', 'test:b', '--strategy', 'post-copy', '--format', 'json'];
    await startCounter(hosts().a);
    const { stdout, exitCode } = await transship([...words, '--container', counterName]);
    const { checks } = JSON.parse(stdout) as { checks: readonly Row[] };
    const found = Object.fromEntries(checks.map(({ name, host, status }) => [`${name} ${host}`, status]));
    expect(found).toMatchObject({ 'runtime b': 'fail', 'pipe-size a': 'ok', 'lazy-pages a': 'ok' });
    expect(Object.keys(found).filter((row) => row.startsWith('experimental'))).toEqual([]);
    expect(exitCode).toBe(3);
    const { checks: own } = JSON.parse((await transship(words)).stdout) as { checks: readonly Row[] };
    expect(own.map(({ name }) => name)).toEqual(expect.arrayContaining(['pipe-size', 'lazy-pages']));
  });

  test('doctor, hosts side by side: kernel, features, clock, processor of each; with a third, what lies between it and the first', async () => {
    const { stdout, exitCode } = await transship(['doctor', 'test:a', 'test:b', 'test:a', '--format', 'json']);
    const { checks, isReady } = JSON.parse(stdout) as { isReady: boolean; checks: readonly (Row & { peer?: string })[] };
    expect([exitCode, isReady]).toEqual([0, true]);
    const every = [
      'kernel',
      'kernel-options',
      'userfaultfd',
      'soft-dirty',
      'criu-check',
      'criu-kernel',
      'criu-features',
      'huge-pages',
    ];
    every.push('pipe-size', 'cgroup-version', 'runtimes', 'experimental', 'tools', 'memory', 'disk', 'clock', 'cpu');
    for (const host of ['a', 'b']) {
      const own = checks.filter((check) => check.host === host && check.peer === undefined).map(({ name }) => name);
      expect(own).toEqual(expect.arrayContaining(every));
      expect(new Set(own).size).toBe(own.length);
    }
    const rowOf = (name: string) => checks.find((check) => check.name === name && check.host === 'a')?.found;
    expect(rowOf('clock')).toMatch(/^0\.\d\d ms (?:ahead of|behind) this machine, ±/); // one machine, one clock
    expect(rowOf('cpu')).toMatch(/\d+ cores, \S+, \d+ instruction sets$/);
    const text = await transship(['doctor', 'test:a', 'local', 'test:b']);
    expect(text.exitCode).toBe(/^ready/m.test(text.stdout) ? 0 : 3); // this machine may be no Docker host
    expect(text.stdout).toMatch(/^CHECK +a +local +b$/m);
    expect(text.stdout).toMatch(/^cgroup +a to b +ok/m);
    expect(text.stdout).toMatch(/^architecture +a to local +ok/m);
  });

  test('doctor knocks where memory would go: a firewall that drops it is named, as by migrate, and nothing of it stays', async () => {
    const { a, b } = hosts();
    const look = async (...more: readonly string[]) => {
      const { stdout, exitCode } = await transship(['doctor', 'test:a', 'test:b', '--format', 'json', ...more]);
      const { checks } = JSON.parse(stdout) as { checks: readonly (Row & { peer?: string })[] };
      const rows = checks.filter(({ name }) => name === 'page-channel');
      return { exitCode, rows, ways: rows.map(({ host, peer, status }) => `${host} to ${peer}: ${status}`) };
    };
    const listeners = 'ss -Htln; ls -A /run/transship 2>/dev/null; pgrep -a perl; true';
    const state = async () => [await onHost(a, listeners), await onHost(b, listeners)];
    const before = await state();
    expect(await look()).toMatchObject({ exitCode: 0, ways: ['a to b: ok', 'b to a: ok'] });
    await dropPageChannel(b);
    expect(await look()).toMatchObject({ exitCode: 0, ways: ['a to b: warn', 'b to a: ok'] });
    const { exitCode, rows } = await look('--strategy', 'diskless');
    expect(exitCode).toBe(3);
    expect(rows).toMatchObject([
      {
        status: 'fail',
        found: expect.stringMatching(`^a does not get through to b by tcp at ${b.address} port \\d+, by .*: no answer$`),
        hint: expect.stringContaining('ports 20000-31999'),
      },
    ]);
    expect((await look('--strategy', 'diskless', '--page-port', '15000')).ways).toEqual(['a to b: ok']);
    expect((await look('--strategy', 'post-copy')).ways).toEqual(['b to a: ok']);
    expect((await look('--strategy', 'cold')).ways).toEqual([]);
    expect(await state()).toEqual(before);
  });

  test('doctor shows all that stands in the way at once, and the --volumes line that fits', async () => {
    const { a, b } = hosts();
    await startCounter(a, '-v data:/data -v /var/run/docker.sock:/docker.sock');
    await onHost(a, `docker rename ${counterName} other`);
    await startCounter(a, '--link other --volumes-from other -v given:/given');
    await onHost(b, 'docker volume create data');
    const failed = await doctor();
    expect(Object.keys(failed).sort()).toEqual(['alone a', 'volumes a', 'volumes b']);
    expect(failed['alone a']?.found).toMatch(/linked to another container/);
    expect(failed['volumes a']?.hint).toMatch(
      /^add --volumes (?=.*\/data=copy)(?=.*\/docker\.sock=shared)(?=.*\/given=copy)\S+ \(copy:/,
    );
    expect(failed['volumes b']?.found).toBe('volume data is there already, and a copy would overwrite it');
    const line = /--volumes (\S+)/.exec(failed['volumes a']?.hint ?? '')?.[1]?.replace('/data=copy', '/data=shared') ?? '';
    expect(Object.keys(await doctor('--volumes', line))).toEqual(['alone a']);
  });

  test('what cannot be equal is listed by --dry-run, an image of the same name among it', async () => {
    const { a, b } = hosts();
    await startCounter(a);
    await onHost(b, 'echo other >/root/other; tar -C /root -c other | docker import - counter');
    const { stdout } = await transship(['migrate', counterName, 'test:b', '--from', 'test:a', '--dry-run', '--format', 'json']);
    const { unequal } = JSON.parse(stdout) as { unequal: readonly string[] };
    expect(unequal).toContain('image name: counter is another image on b, so the id is used');
  });

  test('an exec session that begins after the plan: rolled back before the freeze, unless it may be dropped', async () => {
    const { a } = hosts();
    await startCounter(a);
    const onStep = ({ step, state }: { step: string; state: string }) => {
      if (step === 'restart-policy-off' && state === 'begin') doAtOnce(a, `docker exec -d ${counterName} /bin/sleep 300`);
    };
    const { manifest } = await moveIt(hosts(), { container: counterName, onStep });
    expect(manifest).toMatchObject({
      outcome: 'rolled-back',
      error: {
        step: 'pause',
        message: 'a: docker exec is running: /bin/sleep 300; it would vanish in the dump',
        hint: expect.stringContaining('--drop-execs'),
      },
    });
    expect(await counts(a)).toBe(true);
    const agreed = await moveIt(hosts(), { container: counterName, options: { dropExecs: true } });
    expect(agreed.manifest.outcome).toBe('migrated');
  });
});

/** `migrate` says why, and neither host has anything more or less than before. */
async function expectRefused({ a, b }: TwoHosts, message: RegExp): Promise<void> {
  const state = async () => await Promise.all([a, b].map((host: Host) => dockerState(host)));
  const before = await state();
  const move = moveIt({ a, b }, { container: counterName });
  await expect(move).rejects.toMatchObject({ code: 'not-ready', message: expect.stringMatching(message) });
  expect(await state()).toEqual(before);
}
