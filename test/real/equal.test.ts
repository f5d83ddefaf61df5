import { beforeAll, describe, expect, test } from 'vitest';
import { compareInspect } from '../../src/migrate/equal/compare.ts';
import { createEqual, setRestartPolicy, undoCreate } from '../../src/migrate/equal/create.ts';
import { createOptionsOf, obstaclesOf } from '../../src/migrate/equal/create-options.ts';
import type { Inspect } from '../../src/migrate/equal/inspect.ts';
import { makeNetworks, planNetworks, undoNetworks } from '../../src/migrate/equal/networks.ts';
import { makeVolumes, undoVolumes } from '../../src/migrate/whole/volumes.ts';
import { parseVolumesOption } from '../../src/migrate/whole/volumes-option.ts';
import { planVolumes } from '../../src/migrate/whole/volumes-plan.ts';
import { dockerState, onHost } from '../destination-state.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

const checkpoint = 'transship-0123abcd';

/** What `docker run -d --name NAME …` is given, before the image. */
const containers: Readonly<Record<string, { readonly flags: string; readonly command?: string; readonly after?: string }>> = {
  plain: { flags: '' },
  process: {
    flags: `--hostname given --domainname example.org --user 12:34 --group-add 100 --workdir /tmp -e A=1 -e "B=two words" -e C= -t -i --init
      --stop-signal USR1 --stop-timeout 7 --entrypoint sh --label k=v --label "l=with \\"quotes\\"" --annotation note=x --env PATH=/bin`,
    command: `-c 'sleep 1000' -- 'an argument'`,
  },
  limits: {
    flags: `--memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --cpu-shares 300 --cpuset-cpus 0 --pids-limit 50 --oom-score-adj 200
      --ulimit nofile=512:1024 --ulimit core=0 --shm-size 16m --sysctl net.ipv4.ip_forward=0 --blkio-weight 0`,
  },
  rights: {
    flags: `--cap-add NET_ADMIN --cap-drop CHOWN --security-opt no-new-privileges --security-opt seccomp=unconfined --device /dev/null:/dev/nothing:rw
      --device-cgroup-rule 'c 1:3 r' --read-only --tmpfs /run:size=1m,mode=700 --userns host`,
  },
  privileged: { flags: '--privileged --pid host --ipc host --uts host --cgroupns host --network host' },
  alone: { flags: '--network none --security-opt systempaths=unconfined --ipc shareable --no-healthcheck' },
  watched: {
    flags: `--health-cmd 'true' --health-interval 1h --health-retries 4 --health-start-period 3s --restart on-failure:5
      --log-driver json-file --log-opt max-size=1m --log-opt max-file=2 --log-opt tag=x`,
  },
  published: {
    flags:
      '-p 127.0.0.1:8080:80 -p 9000-9001:9000-9001/udp -P --expose 77 --dns 10.0.0.53 --dns-search example.org --dns-option ndots:3 --add-host db:10.0.0.9 --add-host up:host-gateway',
  },
  mounted: {
    flags: `-v named:/named -v /anonymous -v /srv/bound:/bound:ro,rprivate --mount type=volume,dst=/mounted,volume-nocopy
      --mount type=tmpfs,dst=/scratch,tmpfs-size=1000000 --mount type=bind,src=/srv/bound,dst=/again,bind-propagation=private`,
  },
  composed: {
    flags: `--network shop_back --network-alias api --network-alias web --ip 10.123.0.77 --mac-address 02:00:00:00:00:77 --restart always
      --label com.docker.compose.project=shop --label com.docker.compose.service=api --label com.docker.compose.container-number=1`,
    after: 'docker network connect --alias front shop_front NAME',
  },
};

async function prepare({ a }: TwoHosts): Promise<void> {
  await onHost(
    a,
    `mkdir -p /srv/bound; docker volume create --label kept=yes named
docker network create --subnet 10.123.0.0/24 --gateway 10.123.0.1 --ip-range 10.123.0.128/25 --label com.docker.compose.network=back -o com.docker.network.bridge.name=shopback --internal shop_back
docker network create --attachable --label com.docker.compose.network=front shop_front`,
  );
}

describeOnHosts(
  'the destination’s container is equal',
  'equal',
  (hosts) => {
    let image = '';
    beforeAll(async () => {
      image = await bringWorkload([hosts().a, hosts().b]);
      await prepare(hosts());
    }, 600_000);

    async function inspect(host: TwoHosts['a'], id: string): Promise<Inspect> {
      return (await host.docker.getContainer(id).inspect()) as Inspect;
    }

    test.each(Object.entries(containers))('%s: every difference has its reason', async (name, { flags, command, after }) => {
      const { a, b } = hosts();
      const before = await dockerState(b);
      const entry = flags.includes('--entrypoint') ? '' : '--entrypoint sleep';
      const words = `${flags.replace(/\s*\n\s*/g, ' ')} ${entry} ${image} ${command ?? '1000'}`;
      const id = (await onHost(a, `docker run -d --name ${name} ${words} 2>&1 | tail -n 1`)).slice(-64);
      if (after !== undefined) await onHost(a, after.replace('NAME', name));
      const source = await inspect(a, id);
      expect(source.State.Running).toBe(true);
      // it can be made, and cannot be moved
      if (name !== 'privileged') expect(obstaclesOf(source)).toEqual([]);

      const networks = await planNetworks({ source: a, destination: b }, source);
      const volumes = await planVolumes({ source: a, destination: b }, source, parseVolumesOption('copy'));
      const plan = createOptionsOf(source, await a.docker.getImage(source.Image).inspect());
      const made = await makeNetworks(b, networks, checkpoint);
      await makeVolumes(b, volumes, checkpoint);
      const created = await createEqual(b, plan);
      expect([made.unequal, created.unequal, created.warnings]).toEqual([[], [], []]);

      expect(unexplained(source, await inspect(b, created.id))).toEqual([]);
      await b.docker.getContainer(created.id).start();
      await setRestartPolicy(b, created.id, plan.restartPolicy);
      const running = await inspect(b, created.id);
      expect(unexplained(source, running)).toEqual([]);
      expect(running.HostConfig.RestartPolicy).toEqual(source.HostConfig.RestartPolicy);
      const inside =
        "hostname; id; pwd; env | sort; ulimit -n; cat /proc/self/status | grep -E 'Cap|NoNewPrivs|Seccomp:'; cut -d' ' -f2-4 /proc/mounts | grep -vE '^/ |/dev/mqueue|docker-init' | sed 's,/equal-[0-9a-f]*/[ab]/,/,g' | sort";
      const look = (host: TwoHosts['a'], of: string) =>
        onHost(host, `docker exec ${of} sh -c ${JSON.stringify(inside).replaceAll('$', '\\$')}`);
      if (name !== 'privileged') expect(await look(b, created.id)).toBe(await look(a, id));

      await expect(createEqual(b, plan)).rejects.toThrow(
        `b: the name ${name} is taken by container ${created.id.slice(0, 12)} (running)`,
      );
      await undoCreate(b, created.id);
      await undoVolumes(b, volumes, checkpoint);
      await undoNetworks(b, networks, checkpoint);
      expect(await dockerState(b)).toBe(before);
      await onHost(a, `docker rm -fv ${id}`);
    });

    describe('what a comparison must not explain', () => {
      test('a destination made with other options', async () => {
        const { a } = hosts();
        const one = await onHost(
          a,
          `docker create --name one -e A=1 --memory 64m -v named:/named --ip 10.123.0.5 --network shop_back ${image}`,
        );
        const two = await onHost(
          a,
          `docker create --name two -e A=2 --memory 65m -v other:/named --ip 10.123.0.6 --network shop_back --restart always --tty ${image} x`,
        );
        const paths = unexplained(await inspect(a, one), await inspect(a, two)).map((difference) => difference.path);
        await onHost(a, `docker rm -fv ${one} ${two}; docker volume rm other`);
        expect(paths).toEqual(
          expect.arrayContaining([
            'Config.Env',
            'Config.Tty',
            'Config.Cmd',
            'HostConfig.Memory',
            'HostConfig.Binds',
            'Mounts./named.Name',
            'NetworkSettings.Networks.shop_back.IPAMConfig.IPv4Address',
          ]),
        );
      });
    });
  },
  { cgroup: 'v1' },
);

function unexplained(source: Inspect, destination: Inspect) {
  return compareInspect(source, destination).filter((difference) => difference.explanation === null);
}
