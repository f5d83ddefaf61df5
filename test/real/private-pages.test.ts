import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** Where the test hosts' daemons are told to send their own spans: for the time of the move that leads to the controller (docs/native-spans.md). */
const spansOfDaemons = '127.0.0.1:4318';

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

  test.each(['cold', 'diskless', 'post-copy'] as const)(
    '%s: images and keys are for root alone, on memory that is not swapped, and gone after the run',
    async (strategy) => {
      const { a, b } = hosts();
      await startRedis('unread');
      const found: Promise<string>[] = [];
      const files = "find . \\( -path './images/*' -o -name '*.pem' \\) -type f";
      const look = `cd /run/transship/transship-* && ${files} -printf '%f %m ' -exec stat -f -c %T {} \\;; findmnt -no FS-OPTIONS -T . && findmnt -no FS-OPTIONS -T images`;
      const onStep = ({ step, state }: { step: string; state: string }) => {
        if (step === 'verify' && state === 'begin') found.push(onHost(a, look), onHost(b, look));
      };
      const { manifest } = await moveIt(hosts(), { container: 'web', onStep, options: { strategy } });
      expect(manifest.outcome).toBe('migrated');
      const [major = 0, minor = 0] = (manifest.hosts.source?.kernel ?? '').split('.').map(Number);
      const isSwapAvoided = major > 6 || (major === 6 && minor >= 4);
      for (const text of await Promise.all(found)) {
        const lines = text.split('\n');
        const modes = Object.fromEntries(lines.slice(0, -2).map((line) => [line.split(' ')[0], line.replace(/^\S+ /, '')]));
        expect(new Set(Object.values(modes))).toEqual(new Set(['600 tmpfs']));
        expect('key.pem' in modes).toBe(strategy !== 'cold');
        expect(Object.keys(modes)).toContain('inventory.img');
        expect(lines.slice(-2).map((options) => options.includes('noswap'))).toEqual([isSwapAvoided, isSwapAvoided]);
      }
      for (const host of [a, b])
        expect(await onHost(host, 'ls -A /run/transship 2>/dev/null; grep -c " /run/transship" /proc/self/mountinfo; true')).toBe(
          '0',
        );
    },
  );

  test.each(['cold', 'diskless', 'post-copy'] as const)(
    '%s: but for the page channel at its one address nothing listens that did not before, and nothing afterwards',
    async (strategy) => {
      const { a, b } = hosts();
      await startRedis('unheard');
      const now = () => Promise.all([a, b].map((host) => onHost(host, "ss -Htln | awk '{ print $4 }' | sort")));
      const before = await now();
      const watches = [a, b].map((host) => {
        const watch = host.spawn(
          "while [ ! -e /tmp/heard ]; do ss -Htln; sleep 0.05; done | awk '!seen[$4]++ { print $4 }' >/tmp/listened",
        );
        watch.stdin.end();
        return watch;
      });
      const atStep: Promise<readonly string[]>[] = [];
      const onStep = ({ step, state }: { step: string; state: string }) => {
        if ((step === 'dump' || step === 'verify') && state === 'begin') atStep.push(now());
      };
      const { manifest } = await moveIt(hosts(), { container: 'web', onStep, options: { strategy } });
      expect(manifest.outcome).toBe('migrated');
      expect(await now()).toEqual(before);
      for (const host of [a, b]) await onHost(host, 'touch /tmp/heard');
      for (const watch of watches) await watch.ended;
      const seen = await Promise.all([a, b].map((host) => onHost(host, 'cat /tmp/listened; rm /tmp/listened /tmp/heard')));
      const [atDump = [], atVerify = []] = await Promise.all(atStep);
      const gained = [0, 1].map((index) => {
        const all = [seen, atDump, atVerify].flatMap((texts) => (texts[index] ?? '').split('\n'));
        const earlier = ['', spansOfDaemons, ...(before[index]?.split('\n') ?? [])];
        return [...new Set(all)].filter((address) => !earlier.includes(address));
      });
      const channelOf = (host: Host) => expect.stringMatching(new RegExp(`^${host.address?.replaceAll('.', '\\.')}:[23]\\d{4}$`));
      if (strategy === 'diskless') {
        expect(gained).toEqual([[], [channelOf(b)]]);
        expect(atDump[1]).toMatch(/:[23]\d{4}$/m);
        expect(atVerify[1]).not.toMatch(/:[23]\d{4}$/m); // it has had its one client
      } else if (strategy === 'post-copy') expect(gained).toEqual([[channelOf(a)], []]);
      else expect(gained).toEqual([[], []]);
    },
  );
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
