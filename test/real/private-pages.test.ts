import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

describeOnHosts('memory on its way', 'private-pages', (hosts) => {
  let image = '';

  beforeAll(async () => {
    image = await bringWorkload([hosts().a, hosts().b]);
    await installRuntime(hosts().b);
  }, 600_000);

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -fv $(docker ps -aq)', { timeoutMs: 60_000 });
  });

  /** With a text in its memory that is known again. */
  async function startRedis(secret: string): Promise<void> {
    const wait = 'for i in $(seq 100); do docker exec web redis-cli ping 2>/dev/null && exit 0; sleep 0.1; done; exit 1';
    const fill = `docker exec web redis-cli DEBUG POPULATE 1000 key 96 && docker exec web redis-cli SET secret ${secret}`;
    await onHost(hosts().a, `docker run -d --name web ${image} --enable-debug-command yes && (${wait}) && ${fill}`);
  }

  test.each(['diskless', 'post-copy'] as const)(
    '%s: the link carries no page in the clear, unless that was asked for, which is told',
    { retry: 2 }, // on a busy machine the listener can miss the one packet that has it
    async (strategy) => {
      const { a, b } = hosts();
      const secret = 'four-letters-nobody-may-read-on-the-wire';
      for (const plainPages of [false, true]) {
        await startRedis(secret);
        let told = '';
        const isSeen = await sniffing(a, secret, async () => {
          const { manifest } = await moveIt(hosts(), { container: 'web', options: { strategy, plainPages } });
          told = manifest.warnings.join();
        });
        expect({ isSeen, isTold: told.includes('--plain-pages') }).toEqual({ isSeen: plainPages, isTold: plainPages });
        await onHost(b, 'docker rm -f web');
      }
    },
  );

  test.each(['cold', 'diskless', 'post-copy'] as const)('%s: images and keys are for root alone, on memory', async (strategy) => {
    const { a, b } = hosts();
    await startRedis('unread');
    const found: Promise<string>[] = [];
    const look = `cd /run/transship/transship-* && stat -f -c %T images && find . \\( -path './images/*' -o -name '*.pem' \\) -type f -printf '%m\\n' | sort -u`;
    const onStep = ({ step, state }: { step: string; state: string }) => {
      if (step === 'verify' && state === 'begin') found.push(onHost(a, look), onHost(b, look));
    };
    const { manifest } = await moveIt(hosts(), { container: 'web', onStep, options: { strategy } });
    expect(manifest.outcome).toBe('migrated');
    expect(await Promise.all(found)).toEqual(['tmpfs\n600', 'tmpfs\n600']);
  });
});

/** Was the text on the wire of host a while `act` went on? */
async function sniffing(host: Host, secret: string, act: () => Promise<unknown>): Promise<boolean> {
  const script = `
    use Socket; socket(my $s, 17, 3, unpack("n", pack("S", 3))) or die $!; setsockopt($s, 1, 33, pack("i", 1 << 26)) or die $!; $| = 1; print "ready\\n"; my $last = "";
    while (sysread($s, my $p, 65536)) { if (index($last . $p, "${secret}") >= 0) { print "seen\\n"; exit } $last = substr($p, -200) }`;
  const process = host.spawn(`exec perl -e '${script}'`);
  process.stdin.end();
  let output = '';
  const ready = new Promise<void>((resolve) => {
    process.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('ready')) resolve();
    });
  });
  await ready;
  await act();
  process.kill();
  await process.ended;
  return output.includes('seen');
}
