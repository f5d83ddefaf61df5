import type { ContainerInspectInfo } from 'dockerode';
import { appArmorCheck } from './apparmor-check.ts';
import { cgroupParentCheck } from './cgroup-parent-check.ts';
import { type Check, type ContainerSubject, fail, isDirect, ok, warn } from './check.ts';
import { healthTest, runningExecs } from './execs.ts';
import { listeningPorts, peersOf } from './proc-net.ts';
import { isTaken, publishedPorts } from './published-ports.ts';
import { readRuncConf } from './runc-conf.ts';
import { runningCheck } from './running-check.ts';
import { tcpFinding } from './tcp-check.ts';
import { compareVersions } from './version-order.ts';

/** What the container must be like, and what stands in its way on the destination. */
export const containerChecks: readonly Check<ContainerSubject>[] = [
  runningCheck,
  {
    name: 'execs',
    why: 'a process of docker exec vanishes in the dump, and nobody is told',
    hint: 'end it, or agree with --drop-execs',
    probe: async (subject) => {
      const commands = (await runningExecs(subject.source.host, subject.inspect)).filter(
        (command) => !isProbe(subject.inspect, command),
      );
      if (commands.length === 0) return ok('no exec session');
      const found = `docker exec is running: ${commands.join(', ')}`;
      return subject.allowed.dropExecs ? warn(`${found}; it will be dropped`) : fail(found);
    },
  },
  {
    name: 'health-check',
    why: 'its probe is an exec: one under way vanishes in the dump',
    hint: 'wait until it has ended, or agree with --drop-execs',
    probe: async (subject) => {
      const test = healthTest(subject.inspect);
      if (test === null) return null;
      const isUnderWay = (await runningExecs(subject.source.host, subject.inspect)).some((command) =>
        isProbe(subject.inspect, command),
      );
      if (!isUnderWay) return ok(`no probe is under way (${test})`);
      const found = `a probe is under way: ${test}`;
      return subject.allowed.dropExecs ? warn(`${found}; it will be dropped`) : fail(found);
    },
  },
  {
    name: 'restart-policy',
    why: 'Docker starts a container with a restart policy anew once it is dumped: it would live twice',
    hint: 'nothing to do: the policy is off during the move and set on the destination',
    probe: ({ inspect, allowed }) => {
      const policy = inspect.HostConfig.RestartPolicy?.Name || 'no';
      if (inspect.HostConfig.AutoRemove) {
        const hint = 'leave out --plain';
        return allowed.isPlain
          ? fail('--rm: Docker removes it together with its checkpoint', hint)
          : ok('--rm: kept until it runs there');
      }
      return ok(policy === 'no' ? 'none' : `${policy}: off during the move`);
    },
  },
  {
    name: 'tcp-established',
    why: 'a connection lives on where both its addresses do',
    hint: 'a macvlan network with a fixed address, the same on both hosts (docker network create -d macvlan; docker run --ip)',
    probe: async (subject) => (subject.allowed.tcpEstablished ? await tcpFinding(subject) : null),
  },
  {
    name: 'clients',
    why: 'a dump fails on established TCP connections, or closes them where runc.conf says tcp-close; a client has to connect anew',
    hint: 'in /etc/criu/runc.conf of both hosts: tcp-close and skip-in-flight',
    probe: async ({ inspect, source, allowed }) => {
      if (allowed.tcpEstablished) return null;
      const [peers, conf] = await Promise.all([peersOf(source.host, inspect), readRuncConf(source.host)]);
      const isClosing = isDirect(allowed) || conf.has('tcp-close') || conf.has('tcp-established');
      if (peers.length === 0)
        return isClosing
          ? ok('no established TCP connection')
          : warn('no established TCP connection now, but one at the dump would fail it');
      const list = peers.slice(0, 5).join(', ') + (peers.length > 5 ? ' …' : '');
      const found = `${peers.length} established TCP ${peers.length === 1 ? 'connection' : 'connections'} (${list})`;
      if (!isClosing) return fail(`${found}, and no tcp-close in /etc/criu/runc.conf`);
      return warn(`${found} will be closed`, 'clients that connect anew go on');
    },
  },
];

/** What is asked of the destination for this container. */
export const placeChecks: readonly Check<ContainerSubject>[] = [
  appArmorCheck,
  cgroupParentCheck,
  {
    name: 'name',
    why: 'the container keeps its name',
    hint: 'docker rename or remove the one that has it',
    probe: async ({ inspect, destination }) => {
      const name = inspect.Name.replace(/^\//, '');
      const all = (await destination?.host.docker.listContainers({ all: true })) ?? [];
      const taken = all.find((one) => one.Names.includes(`/${name}`));
      return taken === undefined
        ? ok(`${name} is free`)
        : fail(`${name} is taken by container ${taken.Id.slice(0, 12)} (${taken.State})`);
    },
  },
  {
    name: 'ports',
    why: 'the container keeps its published ports',
    hint: 'stop what listens there: ss -lntup shows it',
    probe: async ({ inspect, destination }) => {
      const wanted = publishedPorts(inspect);
      if (wanted.length === 0 || destination === null) return null;
      const taken = await listeningPorts(destination.host);
      const clash = wanted.filter((port) => isTaken(port, taken));
      const list = (ports: typeof wanted) => ports.map(({ shown }) => shown).join(', ');
      return clash.length === 0 ? ok(`${list(wanted)} free`) : fail(`${list(clash)} taken`);
    },
  },
  {
    name: 'docker-network',
    why: 'Docker from 28 sets up the network of a container before its process exists; a restore then fails (containerd issue 12141)',
    hint: 'take Docker 26 or 27 on the destination, or the host network',
    probe: ({ inspect, destination, allowed }) => {
      if (isDirect(allowed)) return null; // our runtime restores before Docker looks for the network
      const version = destination?.facts.versions.docker;
      if (!version || compareVersions(version, '28') < 0) return null;
      const mode = inspect.HostConfig.NetworkMode ?? 'default';
      return mode === 'host' ? ok('host network') : fail(`Docker ${version} restores no container on network ${mode}`);
    },
  },
];

function isProbe(inspect: ContainerInspectInfo, command: string): boolean {
  return command === healthTest(inspect);
}
