import { beforeAll, expect, test } from 'vitest';
import { onHost } from '../destination-state.ts';
import { startCounter } from '../host-faults.ts';
import { installOnHost } from '../installed-on-host.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** Its storage on the one folder of a test host that is no overlay. */
const podman = 'podman --root /var/lib/docker/podman --runroot /run/podman --cgroup-manager cgroupfs --runtime runc';
const runc = 'runc --root /run/docker/runtime-runc/moby';

interface Shown {
  readonly spans: readonly { readonly spanId: string; readonly parentSpanId: string | null; readonly name: string }[];
}

describeOnHosts(
  'transship record, with the real engines',
  'record',
  (hosts) => {
    const home = 'cd /root && export TRANSSHIP_TRACES=/root/runs NO_COLOR=1';
    const run = async (command: string) => await hosts().a.shell.run(`${home}; ${command}`, { timeoutMs: 120_000 });
    const kept = async (name: string) => (await onHost(hosts().a, `ls /root/runs/${name}/evidence/import/criu`)).split('\n');
    /** Its spans, and the names from the root down to the first of this name. */
    const pathTo = async (name: string, span: string): Promise<readonly string[]> => {
      const { spans } = JSON.parse((await run(`transship show ${name} --format json`)).stdout) as Shown;
      const names: string[] = [];
      for (let at = spans.find((one) => one.name === span); at !== undefined; ) {
        names.unshift(at.name);
        const { parentSpanId } = at;
        at = spans.find(({ spanId }) => spanId === parentSpanId);
      }
      return names;
    };

    beforeAll(async () => {
      const { a } = hosts();
      await installOnHost(a);
      // as a host is that nobody has prepared: CRIU works where the engines have it work
      await onHost(a, "printf 'tcp-close\\n' >/etc/criu/runc.conf");
    });

    test('criu: arguments, stdio and exit status as without; log and statistics kept; a failure explained', async () => {
      await onHost(
        hosts().a,
        'rm -rf /root/runs/[cf]; mkdir -p /root/img; setsid sleep 1000 </dev/null >/dev/null 2>&1 & sleep 0.2',
      );
      const dump = (pid: string) => `criu dump -t ${pid} -D img -v4 -o dump.log --leave-running --display-stats`;
      const plain = await run(dump('$(pgrep -n -x sleep)'));
      const recorded = await run(`transship record --name c -- ${dump('$(pgrep -n -x sleep)')}`);
      expect([recorded.exitCode, recorded.stderr]).toEqual([0, expect.stringMatching(/^the command took .*: dump ok, /)]);
      const withoutFigures = (text: string) => text.replace(/\d+/g, 'N');
      expect(withoutFigures(recorded.stdout)).toBe(withoutFigures(plain.stdout));
      expect(recorded.stdout).toContain('Displaying dump stats');
      expect(await kept('c')).toEqual(['1-dump.log', '1-stats-dump', 'files.json']);
      expect(await pathTo('c', 'criu.dump')).toEqual(['record', 'criu.dump']);

      const bad = await run(`transship record --name f -- ${dump('999999')}`);
      expect(bad.exitCode).toBe((await run(dump('999999'))).exitCode);
      expect(bad.exitCode).not.toBe(0);
      expect((await run('transship show f --report')).stdout).toContain('likely cause: the task was gone before the dump');
    });

    test('--repeat makes sets, which diff compares', async () => {
      const set = (name: string, level: string) =>
        run(
          `export TRANSSHIP_TRACES=/root/${name}; transship record --repeat 3 -- criu dump -t $(pgrep -n -x sleep) -D img ${level} -o dump.log --leave-running`,
        );
      for (const [name, level] of [
        ['loud', '-v4'],
        ['still', '-v3'],
      ] as const)
        expect((await set(name, level)).exitCode).toBe(0);
      const { stdout, exitCode } = await run('transship diff loud still');
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^before +loud: 3 runs/m);
      expect(stdout).toMatch(/^criu\.dump +\d.*%/m);
    });

    test('runc: what it would leave in its work folder, and what CRIU ran', async () => {
      const id = await startCounter(hosts().a);
      const dump = `${runc} checkpoint --leave-running --image-path /root/images --work-path /root/work ${id}`;
      expect(await run(`transship record --name r -- ${dump}`)).toMatchObject({ exitCode: 0, stdout: '' });
      expect(await kept('r')).toEqual(['1-dump.log', '1-stats-dump', 'files.json']);
      expect((await pathTo('r', 'criu.dump'))[0]).toBe('record');
      const bad = await run(`transship record --name rf -- ${runc} checkpoint nobody`);
      expect([bad.exitCode, bad.stderr]).toEqual([1, expect.stringMatching(/container does not exist/)]);
    });

    test('podman: a dump with --export and its statistics, and a restore', async () => {
      const { a } = hosts();
      await onHost(a, "mkdir -p /etc/containers; printf '[containers]\\npids_limit=0\\n' >/etc/containers/containers.conf");
      await onHost(a, `docker save counter | ${podman} load -q`);
      const loop = 'sh -c "while true; do sleep 0.1; done"';
      await onHost(
        a,
        `${podman} run -d --name p --network host localhost/counter ${loop} || ${podman} run -d --name p --network host docker.io/library/counter ${loop}`,
      );
      const exported = await run(
        `transship record --name p1 -- ${podman} container checkpoint --leave-running --export /dev/shm/p.tar p`,
      );
      expect([exported.exitCode, exported.stdout]).toEqual([0, 'p\n']);
      expect(await kept('p1')).toEqual(['1-dump.log', '1-stats-dump', 'files.json']);
      expect((await pathTo('p1', 'criu.dump')).slice(0, 2)).toEqual(['record', 'process runc checkpoint']);
      const dumped = await run(`transship record --name p2 -- ${podman} container checkpoint --print-stats p`);
      expect(JSON.parse(dumped.stdout)).toHaveProperty('podman_checkpoint_duration');
      expect((await run(`transship record --name p3 -- ${podman} container restore p`)).exitCode).toBe(0);
      expect(await kept('p3')).toEqual(['1-restore.log', '1-stats-restore', 'files.json']);
      expect(await onHost(a, `${podman} ps --format '{{.Names}}'`)).toBe('p');
    });
  },
  { extra: ['podman', 'conmon', 'netavark'] },
);
