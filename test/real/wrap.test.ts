import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { removeRuntime } from '../../src/wrap/remove.ts';
import { runtimeStatus } from '../../src/wrap/status.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { counts, doAtOnce, killDockerd, reviveDockerd, startCounter } from '../host-faults.ts';
import { runtimeTranscript } from '../runtime-transcript.ts';
import { describeOnHosts } from '../two-hosts.ts';

const config = '/etc/docker/daemon.json';
/** As a person might have it: tabs, odd blanks, no line break at the end, not for all to read. */
const odd = '{\n\t"live-restore" : true,  "labels":["a=\\"}\\u007d"]\n\n}';

/** Every file that an installation could touch, with mode, owner and time, and what dockerd knows. */
function everything(host: Host): Promise<string> {
  const files = "find /etc/docker /etc/criu /usr/local -type f -printf '%p %m %u %g %s %T@ ' -exec sha256sum {} \\;";
  const folders = "find /etc/docker /etc/criu /usr/local -type d -printf '%p %m %u %g\\n'";
  const daemon = 'docker info -f "{{json .Runtimes}} {{.DefaultRuntime}}"; tr "\\0" "\\n" </proc/$(pidof dockerd)/environ';
  return onHost(host, `{ ${files}; ${folders}; } 2>/dev/null | sort; ${daemon}`);
}

/** Also links and folders, and wherever on the host: but for what Docker and the kernel have to themselves. */
async function allPaths(host: Host): Promise<readonly string[]> {
  const others = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/lib/docker', '/var/lib/containerd', '/var/log'];
  const not = others.map((path) => `-path ${path}`).join(' -o ');
  return (await onHost(host, `find / -xdev \\( ${not} \\) -prune -o -print`)).split('\n');
}

/** Whole, or below the folder that the text says it is in. */
function isNamed(path: string, text: string): boolean {
  const inFolder = path.replace('/usr/local/lib/transship/', '');
  return text.split(/[\s,;:]+/).some((word) => word === path || word === inFolder || word.startsWith(`${inFolder}/`));
}

function writeConfig(host: Host, text: string | null): Promise<string> {
  if (text === null) return onHost(host, `rm -f ${config}; rmdir /etc/docker 2>/dev/null; true`);
  const write = `printf %s '${text}' >${config}; chmod 640 ${config}; chown 1:2 ${config}; touch -d 2001-02-03 ${config}`;
  return onHost(host, `mkdir -p /etc/docker; ${write}; kill -HUP $(pidof dockerd)`);
}

function withoutTimes(text: string): string {
  return text.replace(/ \d+\.\d{10} /g, ' ');
}

const wrap = (...words: readonly string[]) => transship(['wrap', ...words]);

describeOnHosts('our runtime on a Docker host', 'wrap', (hosts) => {
  const b = () => hosts().b;
  const bystander = "docker inspect -f '{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.HostConfig.Runtime}}' counter";

  beforeAll(async () => {
    await startCounter(b()); // under the default runtime: what others have
  });

  test.each([
    ['without a daemon.json', null],
    ['with one', odd],
  ])('%s: installed, installed again, removed; all is as before, byte for byte, and others run on', async (_, text) => {
    await writeConfig(b(), text);
    const [before, others] = [await everything(b()), await onHost(b(), bystander)];
    const [shown, pathsBefore] = [(await wrap('install', 'test:b', '--dry-run')).stdout, new Set(await allPaths(b()))];
    await installRuntime(b());
    const gained = (await allPaths(b())).filter((path) => !pathsBefore.has(path));
    expect(gained).toContain('/usr/local/lib/transship/calls/runc');
    expect(gained.includes('/usr/local/lib/transship/made-config-folder')).toBe(text === null);
    expect(gained.filter((path) => !isNamed(path, shown))).toEqual([]);
    const installed = await everything(b());
    expect(await runtimeStatus(b())).toMatchObject({ isInstalled: true, isCurrent: true, containers: [] });
    expect(await onHost(b(), 'cd /usr/local/lib/transship && stat -c "%n %a %U" mark restore runtime')).toBe(
      'mark 755 root\nrestore 755 root\nruntime 755 root',
    );
    if (text !== null) expect(await onHost(b(), `stat -c '%a %u %g' ${config}`)).toBe('640 1 2');
    await installRuntime(b());
    expect(await everything(b())).toBe(installed);
    expect(await onHost(b(), 'docker run --rm --runtime transship counter /bin/cat /proc/1/comm')).toBe('cat');
    expect(await removeRuntime(b())).toMatchObject({ wasInstalled: true, config: text === null ? 'removed' : 'restored' });
    expect(await everything(b())).toBe(before);
    expect(await onHost(b(), bystander)).toBe(others);
    expect(await counts(b())).toBe(true);
    expect((await b().shell.run('docker create --runtime transship counter')).stderr).toContain('transship');
    expect(await removeRuntime(b())).toMatchObject({ wasInstalled: false });
  });

  describe('the command', () => {
    beforeAll(() => writeConfig(b(), odd));

    test('shows all that it touches, and touches nothing without consent', async () => {
      const before = await everything(b());
      const shown = await wrap('install', 'test:b', '--dry-run');
      expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
      expect(shown.stdout).toMatch(
        /^folder {3}\/usr\/local\/lib\/transship \(new\): links, mark, restore-watch, restore, call, runtime;\n {9}calls\/runc, calls\/criu \(links to call\)$/m,
      );
      expect(shown.stdout).toMatch(/^file {5}\/etc\/docker\/daemon\.json$/m);
      expect(shown.stdout).toMatch(/^ {11}\+ .*"runtimes": \{ "transship": \{ "path": /m);
      expect(shown.stdout).toMatch(/^signal {3}SIGHUP to dockerd \(process \d+\)/m);
      expect(shown.stdout).toMatch(/^reaches {2}no other container: the default runtime is unchanged/m);
      const mute = await wrap('install', 'test:b');
      expect({ ...mute, stdout: '' }).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/^error: .*\n {2}hint: --yes/),
      });
      const answer = `printf 'n\\n' | script -qec 'node ${join(packageRoot(), 'dist/src/cli/main.js')} wrap install test:b' /dev/null`;
      const refused = await execa('sh', ['-c', answer], { reject: false, timeout: 30_000 });
      expect(refused.stdout).toContain('Install it on b? (y/N)');
      expect(refused.stdout).toContain('nothing was touched');
      expect(await everything(b())).toBe(before);
    });

    test('migrate --yes brings it only once the plan stands: of a container that is not there, nothing of it', async () => {
      const before = await everything(b());
      const words = ['migrate', 'nobody', 'test:b', '--from', 'test:a', '--strategy', 'diskless', '--yes'];
      expect(await transship(words)).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/^error: no container 'nobody' on a\n/),
      });
      expect(await everything(b())).toBe(before);
    });

    test('installs, tells the status, refuses to remove while a container names the runtime', async () => {
      const before = await everything(b());
      expect(await wrap('install', 'test:b', '--yes')).toMatchObject({ exitCode: 0 });
      expect(await wrap('install', 'test:b')).toMatchObject({
        exitCode: 0,
        stdout: '',
        stderr: expect.stringContaining('is installed'),
      });
      await onHost(b(), 'docker create --name named --runtime transship counter');
      const status = await wrap('status', 'test:a', 'test:b');
      expect(status.stdout.split('\n').map((line) => line.split(/\s+/))).toMatchObject([
        ['HOST', 'INSTALLED', 'SCRIPTS', 'RUNC', 'VERSION', 'CONTAINERS'],
        ['a', 'no', 'missing', expect.stringMatching(/^\/.*runc$/), expect.stringMatching(/^1\./), '-'],
        ['b', 'yes', 'current', expect.stringMatching(/^\/.*runc$/), expect.stringMatching(/^1\./), 'named'],
      ]);
      const document = JSON.parse((await wrap('status', 'test:b', '--format', 'json')).stdout);
      expect(document).toMatchObject({
        schema: 'transship.wrap/1',
        hosts: [{ host: 'b', isInstalled: true, isCurrent: true, containers: [{ name: 'named', state: 'created' }] }],
      });
      const installed = await everything(b());
      const refused = await wrap('remove', 'test:b');
      expect(refused).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/^error: b: 1 container .*named \([0-9a-f]{12}, created\)\n {2}hint: /),
      });
      expect(await everything(b())).toBe(installed);
      await onHost(b(), 'docker rm named');
      expect(await wrap('remove', 'test:b')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('byte for byte') });
      expect(await everything(b())).toBe(before);
    });
  });

  test('scripts of another version are replaced; what others wrote into daemon.json since then stays', async () => {
    await writeConfig(b(), odd);
    await installRuntime(b());
    await onHost(b(), 'echo "# older" >>/usr/local/lib/transship/runtime');
    expect(await runtimeStatus(b())).toMatchObject({ isInstalled: true, isCurrent: false });
    expect((await installRuntime(b())).scripts).toEqual(['runtime']);
    expect(await runtimeStatus(b())).toMatchObject({ isInstalled: true, isCurrent: true });
    await onHost(b(), `sed -i 's/"labels"/"shutdown-timeout": 9, "labels"/' ${config}`);
    expect(await removeRuntime(b())).toMatchObject({ config: 'key-taken-out' });
    expect(await onHost(b(), `cat ${config}`)).toBe(odd.replace('"labels"', '"shutdown-timeout": 9, "labels"'));
    expect(await runtimeStatus(b())).toMatchObject({ isInstalled: false, isRegistered: false, hasScripts: false });
  });

  test('what cannot be is refused, with the file and what to do; nothing is changed', async () => {
    for (const bad of ['{"debug": }', '{"runtimes": []}', '{"runtimes": {"transship": {"path": "/opt/other"}}}']) {
      await onHost(b(), `printf %s '${bad}' >${config}`);
      const before = await everything(b());
      const { exitCode, stderr, stdout } = await wrap('install', 'test:b', '--yes');
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toMatch(/^error: b:\/etc\/docker\/daemon\.json: .+\n {2}hint: .+$/);
      expect(await everything(b())).toBe(before);
    }
  });

  test('dockerd does not take its file: all is put back', async () => {
    await onHost(b(), `printf %s '{"debug": true}' >${config}`); // set by a flag as well: it refuses to reload
    const before = await everything(b());
    await expect(installRuntime(b())).rejects.toMatchObject({ code: 'not-ready', message: expect.stringContaining('take up') });
    expect(await everything(b())).toBe(before);
    await writeConfig(b(), null);
    await installRuntime(b());
    await onHost(b(), `sed -i 's/{/{"debug": true,/' ${config}`);
    const installed = withoutTimes(await everything(b()));
    await expect(removeRuntime(b())).rejects.toMatchObject({ message: expect.stringContaining('did not drop') });
    expect(withoutTimes(await everything(b()))).toBe(installed);
    await onHost(b(), `sed -i 's/{"debug": true,/{/' ${config}`);
    expect(await removeRuntime(b())).toMatchObject({ config: 'removed' });
  });

  describe('a container made with it', () => {
    beforeAll(async () => {
      await writeConfig(b(), '{"live-restore": true}');
      await installRuntime(b());
    });

    test('lives as any other: ps, exec, logs, stats, top, pause, restart, stop, kill, a restart policy, rm', async () => {
      const expected = await runtimeTranscript(b(), 'runc');
      expect(expected).toMatch(/begun\nto-stderr/);
      expect(expected).toContain('running 0 1 false'); // its policy has started it again
      expect(await runtimeTranscript(b(), 'transship')).toBe(expected);
    });

    test('lives on while dockerd is killed and started again, and can be used then', async () => {
      const where = "docker inspect -f '{{.State.Status}} {{.State.Pid}} {{.State.StartedAt}}' moved counter";
      await onHost(b(), "docker run -d --runtime transship --name moved counter /bin/sh -c 'while :; do sleep 0.1; done'");
      const before = await onHost(b(), where);
      doAtOnce(b(), killDockerd);
      await reviveDockerd(b());
      expect(await onHost(b(), where)).toBe(before);
      expect(await onHost(b(), 'docker exec moved /bin/cat /proc/1/comm')).toBe('sh');
      expect(await runtimeStatus(b())).toMatchObject({ isInstalled: true, containers: [{ name: 'moved', state: 'running' }] });
      await onHost(b(), 'docker restart -t 0 moved && docker rm -f moved');
      await removeRuntime(b());
    });

    test('without live-restore, its restart policy brings it back with dockerd', async () => {
      await writeConfig(b(), null);
      await onHost(b(), 'kill -9 $(pidof dockerd)');
      await reviveDockerd(b());
      await installRuntime(b());
      await onHost(
        b(),
        "docker run -d --restart=always --runtime transship --name back counter /bin/sh -c 'while :; do sleep 0.1; done'",
      );
      doAtOnce(b(), killDockerd);
      await reviveDockerd(b());
      await onHost(b(), 'for i in $(seq 100); do docker exec back /bin/cat /proc/1/comm && exit 0; sleep 0.1; done; exit 1');
      await onHost(b(), 'docker rm -f back');
      expect(await removeRuntime(b())).toMatchObject({ config: 'removed' });
    });
  });
});
