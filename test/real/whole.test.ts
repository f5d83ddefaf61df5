import { beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { quoteWord } from '../../src/hosts/link.ts';
import { createEqual, undoCreate } from '../../src/migrate/equal/create.ts';
import { createOptionsOf } from '../../src/migrate/equal/create-options.ts';
import { moveEarlierLog } from '../../src/migrate/whole/earlier-log.ts';
import { moveImage, planImage, undoImage } from '../../src/migrate/whole/image.ts';
import { openRoute, type Route, routeWarning } from '../../src/migrate/whole/route.ts';
import { copyVolumes, makeVolumes, undoVolumes } from '../../src/migrate/whole/volumes.ts';
import { parseVolumesOption } from '../../src/migrate/whole/volumes-option.ts';
import { planVolumes } from '../../src/migrate/whole/volumes-plan.ts';
import { moveWritableLayer, upperFolder } from '../../src/migrate/whole/writable-layer.ts';
import { dockerState, onHost } from '../destination-state.ts';
import { counterName, doAtOnce, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

const checkpoint = 'transship-0123abcd';

/** In the container: made, changed, deleted, replaced, and whatever a file can have. */
const busyLayer = `
set -e
cd /root; head -c 20000000 /dev/urandom >big; truncate -s 5M sparse; echo end >>sparse
rm -rf /usr/share/doc; rm /etc/motd; mkdir /usr/share/doc; echo new >/usr/share/doc/new
rm -rf /opt; echo file >/opt; chown 1234:5678 /etc/issue; chmod 4711 /etc/issue; mv /etc/debian_version /root/moved
cp /bin/cat tool; ln tool hard; ln -s nowhere dangling; mkfifo pipe; mkdir -m 1777 sticky; chown 7:8 sticky
mkdir -- '-lead' 'with space' 'ünï'; echo x >'-lead/new
line'; echo quote >"it's"; touch -d '2001-02-03 04:05:06.789' old; echo 1 >same; echo 1 >counter
perl -e 'require "syscall.ph" if 0; for (["old","user.note","hi"],["hard","security.capability",pack("VVVVV",0x02000001,0x2000,0,0,0)]) { my ($f,$n,$v)=@$_; syscall(188,$f,$n,$v,length $v,0)==0 or die "$n: $!" }'
`;

/** After the first pass. \`same\` keeps size and time, as a mapped page's write may. */
const changedMeanwhile = `
set -e
cd /root; echo 22 >>counter; rm pipe; rm -rf 'with space'; echo 2 >late; mkdir -p deep/er; ln late deep/er/late
touch -r same /tmp/stamp; echo 2 >same; touch -r /tmp/stamp same; rm /tmp/stamp; rm /opt; mkdir /opt; chmod 600 hard; printf X | dd of=big bs=1 seek=1000000 conv=notrunc 2>/dev/null
`;

// tar as a second opinion beside rsync: names, kinds, modes, owners, times to the nanosecond, links, devices, xattrs, content.
const placeBound = ['origin', 'impure', 'nlink', 'upper', 'uuid'].map((name) => `--xattrs-exclude=trusted.overlay.${name}`);
const archive = `tar --xattrs '--xattrs-include=*' ${placeBound.join(' ')} --sort=name --format=posix --pax-option=delete=atime,delete=ctime,exthdr.name=%f -cf - .`;

async function listing(host: Host, folder: string): Promise<string> {
  const script = `cd ${quoteWord(folder)} && find . ! -type s -printf '%y %m %U %G %T@ %l %P\\n' | sort; find . -type f -printf '%n %s %P\\n' | sort
    find . -type f -exec sha256sum {} + | sort; find . -type c | wc -l; ${archive} | sha256sum`;
  return await onHost(host, script);
}

describeOnHosts('a container moves as a whole', 'whole', (hosts) => {
  let image = '';
  beforeAll(async () => {
    image = await bringWorkload([hosts().a]);
  }, 600_000);

  async function routeOf(kind: Route['kind']): Promise<Route> {
    const route = await openRoute({ source: hosts().a, destination: hosts().b });
    expect(route.reason).toBeNull();
    return kind === 'direct' ? route : { ...route, kind, ssh: null, reason: 'a test' };
  }

  describe.each(['direct', 'controller'] as const)('%s route', (kind) => {
    test('image, writable layer and log are the same on the destination, and the undo leaves nothing', async () => {
      const { a, b } = hosts();
      const before = await dockerState(b);
      {
        await using route = await routeOf(kind);
        expect(routeWarning(route) === null).toBe(kind === 'direct');
        const id = await onHost(
          a,
          `docker run -d --name whole-${kind} --entrypoint sh ${image} -c 'echo first; while :; do sleep 0.1; done'`,
        );
        await onHost(a, `docker exec ${id} sh -c ${quoteWord(busyLayer)}`);
        const source = await a.docker.getContainer(id).inspect();
        const imagePlan = await planImage(route, source);
        const counts: number[] = [];
        const sent = await moveImage(route, imagePlan, (bytes) => counts.push(bytes));
        expect(sent).toBeGreaterThan(imagePlan.sizeBytes * 0.9);
        expect(counts.at(-1)).toBe(sent);
        const created = await createEqual(b, createOptionsOf(source, await a.docker.getImage(source.Image).inspect()));
        const destination = await b.docker.getContainer(created.id).inspect();
        expect(destination.Image).toBe(source.Image);

        const pair = { route, source, destination };
        const live = await moveWritableLayer(pair, { pass: 'live' });
        expect(live.bytes).toBeGreaterThan(20_000_000);
        const log = await moveEarlierLog(pair, { pass: 'live' });
        await onHost(a, `docker exec ${id} sh -c ${quoteWord(changedMeanwhile)}; docker pause ${id}`);
        const frozen = await moveWritableLayer(pair, { pass: 'frozen', earlier: live });
        await moveEarlierLog(pair, log === null ? { pass: 'frozen' } : { pass: 'frozen', earlier: log });
        expect(frozen.bytes).toBeLessThan(100_000);
        expect(frozen.bytes).toBeGreaterThan(0);
        expect(await listing(b, upperFolder(b, destination))).toBe(await listing(a, upperFolder(a, source)));
        const diff = (host: Host, of: string) => onHost(host, `docker diff ${of} | sort`);
        expect(await diff(b, created.id)).toBe(await diff(a, id));
        expect(await onHost(b, `docker logs ${created.id}`)).toBe('first');
        await onHost(b, `docker start ${created.id}`);
        expect(
          await onHost(
            b,
            `docker exec ${created.id} sh -c 'ls /usr/share/doc; ls /etc/motd 2>/dev/null; ls -d /opt; cat /root/same'`,
          ),
        ).toBe('new\n/opt\n2');
        await expect(moveWritableLayer(pair, { pass: 'frozen' })).rejects.toThrow(/is mounted, so nothing can be copied into it/);

        await undoCreate(b, created.id);
        await undoImage(b, imagePlan);
        await onHost(a, `docker unpause ${id}; docker rm -f ${id}`);
      }
      expect(await dockerState(b)).toBe(before);
    });
  });

  test('volumes and bind mounts are refused with the exact line, then copied; the undo removes what was made', async () => {
    const { a, b } = hosts();
    const before = await dockerState(b);
    {
      await using route = await routeOf('direct');
      await onHost(
        a,
        'mkdir -p /srv/app/conf && echo c >/srv/app/conf/c && echo f >/srv/app/file && docker volume create --label k=v data',
      );
      const mounts =
        '-v data:/data -v /anonymous -v /srv/app/conf:/conf:ro -v /srv/app/file:/file -v /var/run/docker.sock:/docker.sock --tmpfs /scratch';
      const id = await onHost(a, `docker run -d --name with-volumes ${mounts} --entrypoint sleep ${image} 1000`);
      await onHost(a, `docker exec ${id} sh -c 'echo d >/data/d; echo a >/anonymous/a'`);
      const source = await a.docker.getContainer(id).inspect();
      const line = '--volumes /data=copy,/anonymous=copy,/conf=copy,/file=copy,/docker.sock=shared';
      const refused = await planVolumes(route, source, parseVolumesOption(undefined)).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'not-ready' });
      const given = String((refused as { hint: string }).hint.match(/--volumes \S+/)?.[0]);
      expect(given.slice(10).split(',').sort()).toEqual(line.slice(10).split(',').sort());
      await expect(planVolumes(route, source, parseVolumesOption('copy'))).rejects.toThrow(
        /docker\.sock.*cannot be copied: it is a socket/,
      );
      await expect(planVolumes(route, source, parseVolumesOption('shared'))).rejects.toThrow(/is not there, so it is not shared/);

      const plans = await planVolumes(route, source, parseVolumesOption(given.slice(10)));
      const imagePlan = await planImage(route, source);
      await moveImage(route, imagePlan);
      await makeVolumes(b, plans, checkpoint);
      await expect(planVolumes(route, source, parseVolumesOption(given.slice(10)))).rejects.toThrow(
        /is there already, and a copy would overwrite it/,
      );
      const created = await createEqual(b, createOptionsOf(source, await a.docker.getImage(source.Image).inspect()));
      const pair = { route, source, destination: await b.docker.getContainer(created.id).inspect() };
      const live = await copyVolumes(pair, plans, { pass: 'live' });
      await onHost(a, `docker exec ${id} sh -c 'echo d2 >/data/d; echo f2 >/file'; docker pause ${id}`);
      const frozen = await copyVolumes(pair, plans, { pass: 'frozen', earlier: live });
      expect(Object.keys(frozen).sort()).toEqual(['/anonymous', '/conf', '/data', '/file']);
      await onHost(b, `docker start ${created.id}`);
      expect(await onHost(b, `docker exec ${created.id} cat /data/d /anonymous/a /conf/c /file`)).toBe('d2\na\nc\nf2');
      expect(await onHost(b, 'docker volume inspect data --format "{{.Labels.k}}"')).toBe('v');

      await undoCreate(b, created.id);
      await undoVolumes(b, plans, checkpoint);
      await undoImage(b, imagePlan);
      await onHost(a, `docker unpause ${id}; docker rm -fv ${id}; docker volume rm data; rm -r /srv/app`);
    }
    expect(await dockerState(b)).toBe(before);
  });

  test('a bind mount that is copied by a move: its content has come, and nothing else is left', async () => {
    const { a, b } = hosts();
    await onHost(a, 'mkdir -p /srv/bound/deep && echo kept >/srv/bound/deep/file');
    await startCounter(a, '-v /srv/bound/deep:/bound');
    const { manifest } = await moveIt(hosts(), { container: counterName });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await onHost(b, `docker exec ${counterName} cat /bound/file`)).toBe('kept');
    for (const host of [a, b]) expect(await onHost(host, 'ls -A /run/transship 2>/dev/null; true')).toBe('');
    await onHost(b, `docker rm -f ${counterName} && docker image rm -f counter && rm -r /srv/bound`);
    await onHost(a, 'docker image rm -f counter; rm -r /srv/bound');
  });

  test('a volume and a network that somebody makes on the destination since the plan are neither taken nor removed', async () => {
    const { a, b } = hosts();
    await onHost(a, 'docker network create shop');
    await startCounter(a, '--network shop -v data:/data');
    const before = await dockerState(a);
    const theirs = async (make: string, remove: string, error: RegExp) => {
      const onStep = ({ step, state }: { step: string; state: string }) => {
        if (step === 'transfer-image' && state === 'begin') doAtOnce(b, make);
      };
      const { manifest } = await moveIt(hosts(), { container: counterName, onStep });
      expect(manifest).toMatchObject({
        outcome: 'rolled-back',
        error: { step: 'create-destination', message: expect.stringMatching(error) },
      });
      await onHost(b, remove); // fails where it is not there
    };
    await theirs(
      'docker volume create data; echo kept >/var/lib/docker/volumes/data/_data/file',
      'grep kept /var/lib/docker/volumes/data/_data/file && docker volume rm data && ! docker network inspect shop',
      /^b: volume data has been made there by somebody else since the plan/,
    );
    await theirs('docker network create shop', 'docker network rm shop', /^b: network shop has been made there by somebody else/);
    expect(await dockerState(a)).toBe(before);
    await onHost(a, `docker rm -fv ${counterName}; docker volume rm data; docker network rm shop; docker image rm -f counter`);
  });

  test('a host that cannot be reached from the other is gone around, with a warning that names the price', async () => {
    const { a, b } = hosts();
    const unreachable = { ...b, name: 'b', sshFromPeer: ['-p', '1', 'root@127.0.0.1'] } as Host;
    await using route = await openRoute({ source: a, destination: unreachable });
    expect(route.kind).toBe('controller');
    expect(routeWarning(route)).toMatch(/^a does not reach b by ssh \(.*Connection refused.*\): .*adds to the downtime$/);
  });

  test('a login on the other host that does not end is given up, and nothing of it stays', async () => {
    const { a, b } = hosts();
    const config =
      'Port 2222\\nPidFile /run/slow-sshd.pid\\nAuthorizedKeysFile none\\nAuthorizedKeysCommandUser root\\nAuthorizedKeysCommand /usr/local/sbin/slow-keys\\n';
    await onHost(
      b,
      `printf '#!/bin/sh\\nsleep 100\\n' >/usr/local/sbin/slow-keys; chmod 755 /usr/local/sbin/slow-keys
       { printf '${config}'; grep -viE '^ *(port|pidfile|authorizedkeys)' /etc/testbed/sshd_config; } >/run/slow-sshd && /usr/sbin/sshd -f /run/slow-sshd`,
    );
    const traces = 'ls -d /run/transship/peer-* 2>/dev/null; pgrep -fa peer-; true';
    try {
      expect(await onHost(a, traces)).toBe('');
      await using route = await openRoute({ source: a, destination: { ...b, sshFromPeer: ['-p', '2222', `root@${b.address}`] } });
      expect(route).toMatchObject({ kind: 'controller', reason: expect.stringMatching(/^no login within \d+ s$/) });
      expect(await onHost(a, traces)).toBe('');
    } finally {
      await onHost(b, 'kill $(cat /run/slow-sshd.pid); pkill slow-keys; rm -f /run/slow-sshd* /usr/local/sbin/slow-keys');
    }
  });
});
