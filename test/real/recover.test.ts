import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { stepsOf } from '../../src/migrate/plan.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { beginOf, manifestOf } from '../faults/command.ts';
import { counterName, counts, remains, reviveDockerd, startCounter } from '../host-faults.ts';
import { killAt } from '../killed-controller.ts';
import { describeOnce, type TwoHosts } from '../two-hosts.ts';

type Strategy = 'docker' | 'cold' | 'diskless' | 'post-copy';

const casesOf = (strategy: Strategy) => stepsOf({ strategy, isPlain: false }).map(({ name }) => [strategy, name] as const);

/** Each takes some ten seconds: by themselves the most telling, all with TRANSSHIP_FAULTS=all. Half of them with pages in the clear. */
const telling = [
  'docker checkpoint',
  'cold hand-over',
  'diskless dump',
  'diskless restart-policy-on',
  'post-copy restore',
  'post-copy residual',
];
const cases = [...casesOf('docker'), ...casesOf('cold'), ...casesOf('diskless'), ...casesOf('post-copy')]
  .map(([strategy, step], index) => [strategy, step, strategy !== 'docker' && index % 2 === 0 ? 'plain' : 'TLS'] as const)
  .filter(([strategy, step]) => process.env.TRANSSHIP_FAULTS === 'all' || telling.includes(`${strategy} ${step}`));

describeOnce('a controller that is killed', 'recover', (hosts) => {
  let before: { readonly a: string; readonly b: string };

  beforeAll(async () => {
    await installRuntime(hosts().b);
  });

  beforeEach(async () => {
    const { a, b } = hosts();
    await startCounter(a, '--restart unless-stopped', 40);
    before = { a: await remains(a), b: await remains(b) };
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await reviveDockerd(host);
      await host.shell.run(`docker rm -f ${counterName}; docker image rm -f counter`, { timeoutMs: 60_000 });
    }
  });

  test.each(cases)('%s, in step %s (%s): one copy lives, and goes on from where it was', async (strategy, step, pages) => {
    const { a } = hosts();
    const from = Number(await onHost(a, `docker exec ${counterName} cat /counter`));
    const run = `${strategy}-${step}`;
    await migrateUntil(step, run, strategy, pages === 'plain' ? ['--plain-pages'] : []);
    const { exitCode, stderr } = await transship(['recover', run]);
    const { outcome } = manifestOf(run) ?? { outcome: null };
    expect(exitCode, stderr).toBe(outcome === 'migrated' ? 0 : 1);
    expect(['migrated', 'rolled-back'], stderr).toContain(outcome);
    const isThere = outcome === 'migrated';
    await expectAlone(hosts(), { isThere, from, before });
    const again = await transship(['recover', run]);
    expect(again).toMatchObject({ exitCode: 0, stdout: `${run}: nothing to do, it ended as ${outcome}` });
  });

  test('a host that cannot be reached: nothing goes on, and it says so; when it is back, the move comes to its end', async () => {
    const { a, b } = hosts();
    const from = Number(await onHost(a, `docker exec ${counterName} cat /counter`));
    await migrateUntil('hand-over', 'unreached', 'diskless');
    await onHost(b, endListener);
    const unsure = await transship(['recover', 'unreached']);
    expect({ exitCode: unsure.exitCode, outcome: manifestOf('unreached')?.outcome }, unsure.stderr).toEqual({
      exitCode: 70,
      outcome: 'lost',
    });
    expect(unsure.stderr).toMatch(/on a it is frozen, on b it cannot be asked/);
    expect(unsure.stderr).toContain('transship recover unreached');
    await onHost(b, beginListener);
    const found = await transship(['recover', 'unreached']);
    expect(found.exitCode, found.stderr).toBe(0);
    await expectAlone(hosts(), { isThere: true, from, before });
  });

  test('a source that cannot be reached: the copy that runs on the destination is frozen until it can be', async () => {
    const { a, b } = hosts();
    const from = Number(await onHost(a, `docker exec ${counterName} cat /counter`));
    await migrateUntil('hand-over', 'unheard', 'diskless');
    await expect.poll(() => counts(b, from).catch(() => false), { timeout: 60_000 }).toBe(true);
    await onHost(a, endListener);
    const unsure = await transship(['recover', 'unheard']);
    expect({ exitCode: unsure.exitCode, outcome: manifestOf('unheard')?.outcome }, unsure.stderr).toEqual({
      exitCode: 70,
      outcome: 'lost',
    });
    expect(unsure.stderr).toMatch(/on a it cannot be asked, on b it ran/);
    expect(await onHost(b, `docker inspect -f '{{.State.Status}}' ${counterName}`)).toBe('paused');
    expect(await counts(b)).toBe(false);
    await onHost(a, beginListener);
    const found = await transship(['recover', 'unheard']);
    expect(found.exitCode, found.stderr).toBe(0);
    await expectAlone(hosts(), { isThere: true, from, before });
  });

  test('a recovery that is killed as well: the next one ends it', async () => {
    const { a } = hosts();
    const from = Number(await onHost(a, `docker exec ${counterName} cat /counter`));
    await migrateUntil('page-server', 'twice', 'diskless', ['--plain-pages']);
    await killAt(transship(['recover', 'twice']), 'twice', /"step":"warm-destination".*"event":"undo-begin"/);
    const { exitCode, stderr } = await transship(['recover', 'twice']);
    expect(exitCode, stderr).toBe(1);
    await expectAlone(hosts(), { isThere: false, from, before });
  });
});

/** The sshd that listens; connections that are open stay. */
const endListener = 'pkill -o -x sshd';
const beginListener = 'setsid /usr/sbin/sshd -f /etc/testbed/sshd_config; sleep 0.3';

/** Starts the command, and kills it as soon as the journal says that the step begins. */
async function migrateUntil(step: string, run: string, strategy: string, more: readonly string[] = []): Promise<void> {
  const [from, to] = ['test:a', 'test:b'];
  const words = ['migrate', counterName, to, '--from', from, '--no-probe', '--strategy', strategy, '--name', run, ...more];
  await killAt(transship(words), run, beginOf(step));
}

interface Expected {
  readonly isThere: boolean;
  readonly from: number;
  readonly before: { readonly a: string; readonly b: string };
}

async function expectAlone({ a, b }: TwoHosts, { isThere, from, before }: Expected): Promise<void> {
  const [alive, other] = isThere ? [b, a] : [a, b];
  expect(await counts(alive, from)).toBe(true);
  expect(await onHost(other, "grep -ls '^perl$' /proc/[0-9]*/comm | wc -l")).toBe('0');
  const policy = `docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.State.Status}}' ${counterName}`;
  expect(await onHost(alive, policy)).toBe('unless-stopped running');
  for (const host of [a, b]) expect(await onHost(host, 'ls -A /run/transship 2>/dev/null; true')).toBe('');
  expect(await onHost(other, 'docker ps -aq')).toBe('');
  if (!isThere) expect([await remains(a), await remains(b)]).toEqual([before.a, before.b]);
}
