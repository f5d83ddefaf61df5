import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../src/hosts/host.ts';
import { importHostImage } from '../vm/host-image.ts';
import { readTestbed } from '../vm/testbed-state.ts';
import { dockerState, onHost } from './destination-state.ts';

/** What a test does to a host in the very moment of a step: the step waits for it. By an ssh of its own. */
export function doAtOnce(host: Host, command: string): string {
  const config = readTestbed()?.sshConfig ?? '';
  return execFileSync('ssh', ['-F', config, host.name, command], {
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Kills dockerd alone, as a crash does: containerd, shims and containers live on. It is gone when this ends, and may be started anew. */
export const killDockerd =
  'kill -9 $(pidof dockerd); for i in $(seq 500); do pidof dockerd >/dev/null || break; sleep 0.01; done';

/** Starts dockerd again and waits until it answers. */
export async function reviveDockerd(host: Host): Promise<void> {
  // without live-restore it first ends what ran, each within 10 s; and one that was killed may still be in the list of processes
  const look = 'docker version >/dev/null 2>&1 && exit 0; pidof dockerd >/dev/null || start-dockerd';
  await onHost(host, `for i in $(seq 600); do ${look}; sleep 0.1; done; tail -n 20 /var/log/dockerd.log >&2; exit 1`);
}

/** All that a migration could leave on a host: equal before and after, or something was left. */
export async function remains(host: Host): Promise<string> {
  const folders =
    'ls /var/lib/docker/containers /var/lib/docker/image/overlay2/imagedb/content/sha256 /var/lib/docker/volumes; ls -d /tmp/* 2>/dev/null; true';
  return `${await dockerState(host)}\n${await onHost(host, `${folders}; ${linksDown}`)}`;
}

/** Files on the host that only the counter's own progress changes. */
export const counterName = 'counter';
/** Where it takes in what is written, over UDP, as connections would have to be moved with it. */
export const counterPort = 9999;

/**
 * A container that counts 50 times a second in its memory and writes the number to /counter, to /gap the longest time in ms that it did not
 * get to, and on SIGUSR1 to /memory whether its memory is what it was; one that is written to, to /written the highest number that it was sent, which it then
 * answers, with the time in ms at which it does. Its image is made of the host's own perl: 10 MB, no registry.
 */
export async function startCounter(host: Host, flags = '', memoryMb = 20, isWritten = false): Promise<string> {
  const run = `docker run -d --name ${counterName} ${flags} counter /usr/bin/perl -e '${program(memoryMb, isWritten)}'`;
  const id = await onHost(host, `{ ${importHostImage('counter')}; } && ${run}`);
  await onHost(
    host,
    `for i in $(seq 100); do docker exec ${counterName} cat /counter 2>/dev/null && exit 0; sleep 0.05; done; exit 1`,
  );
  return id;
}

/** It holds its memory twice, every page another one. 228 is clock_gettime(2), and 0 the clock of the wall, which both hosts have in common. */
const program = (memoryMb: number, isWritten: boolean) => `$| = 1; $t = "\\0" x 16;
  sub put { open F, ">", "/$_[0].new"; print F $_[1]; close F; rename "/$_[0].new", "/$_[0]" }
  sub ms { syscall 228, 0, $t; my ($s, $ns) = unpack "qq", $t; $s * 1000 + int $ns / 1e6 }
  for (1 .. ${memoryMb * 256}) { $page = pack("N", $_ * 2654435761 & 4294967295) x 1024; $one .= $page; $other .= $page }
  ${isWritten ? `socket(IN, 2, 2, 17); bind(IN, pack("S n a4 x8", 2, ${counterPort}, "\\0" x 4));` : ''}
  $SIG{USR1} = sub { $asked = 1 }; $last = ms();
  while (1) {
    $now = ms(); if ($now - $last > $gap) { $gap = $now - $last; put("gap", $gap) } $last = $now;
    put("counter", ++$i); print "$i\\n" if $i % 50 == 1;
    ${isWritten ? takesIn : ''}
    if ($asked) { $asked = 0; put("memory", $one eq $other ? "right" : "wrong"); $last = ms() }
    select undef, undef, undef, 0.02
  }`;

const takesIn =
  'while (defined($from = recv IN, $m, 16, 64)) { if ($m > $written) { $written = $m; put("written", $m) } send IN, "$m " . ms(), 0, $from }';

/** Where the counter stands, read by its process's root: dockerd need not run. */
async function count(host: Host): Promise<number> {
  const pid = `$(for p in /proc/[0-9]*; do grep -qs counter $p/cmdline && grep -qs '^perl$' $p/comm && basename $p; done | head -n 1)`;
  return Number(await onHost(host, `cat /proc/${pid}/root/counter`));
}

/** True when the counter goes on counting there, and begins with more than `from`. */
export async function counts(host: Host, from = 0): Promise<boolean> {
  const first = await count(host);
  for (let tries = 0; tries < 50; tries += 1) {
    await sleep(100);
    if ((await count(host)) > first) return first > from;
  }
  return false;
}

/** Stops the first process whose command line matches, as soon as there is one; for 5 seconds. */
export const stop = (pattern: string) =>
  `for i in $(seq 1000); do p=$(pgrep -f '${pattern}' | head -n 1); [ -n "$p" ] && kill -STOP $p && exit 0; sleep 0.001; done; exit 1`;

/** Shell text that prints how many containers' links are down: of containers that run, none is but by our cut. */
export const linksDown = "ip -o link show type veth | grep -vc '[<,]UP[,>]'; true";

/** Kills the first process whose command line matches, as soon as there is one; for 5 seconds. */
export const kill = (pattern: string) =>
  `for i in $(seq 1000); do p=$(pgrep -f '${pattern}' | head -n 1); [ -n "$p" ] && kill -9 $p && exit 0; sleep 0.005; done; exit 1`;

/** A firewall that lets ssh through, and drops what comes by the ports that memory takes. */
export async function dropPageChannel(host: Host): Promise<void> {
  const chain = 'add chain inet fault in { type filter hook input priority -500; }';
  await onHost(host, `nft 'add table inet fault; ${chain}; add rule inet fault in tcp dport 20000-31999 drop'`);
}

/** It is gone again, or was never there. */
export async function letIn(host: Host): Promise<void> {
  await host.shell.run('nft delete table inet fault');
}
