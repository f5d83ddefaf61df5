import { rmSync } from 'node:fs';
import { TransshipError } from '../../src/error.ts';
import { createRun, hostEvidence } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { quoteWord } from '../../src/hosts/link.ts';
import { readNativeEvidence } from '../../src/layers/native/evidence.ts';
import { openNativeSpans } from '../../src/migrate/native-spans.ts';
import { medianOf } from '../../src/trace/median-interval.ts';
import { haveDaemon, type Kind } from './kinds.ts';

/** What one span of a daemon costs, and one line of a log, in microseconds. */
export interface RequestCosts {
  /** From its request to the batch in our hands. */
  readonly spanUs: number;
  /** A line of dockerd's at `--debug`. */
  readonly lineUs: number;
  /** A line of CRIU's: a write(2) with its time, by a program that is slower than CRIU. */
  readonly criuLineUs: number;
  /** The request by itself, for scale. */
  readonly requestUs: number;
}

const limitMs = 120_000;
/** dockerd is started anew for each, and what else goes on changes: with and without in turns. */
const rounds = 4;
const requests = 3_000;

// perl-base has no Time::HiRes: clock_gettime(2) by its number
const clock = `
my $n = \`uname -m\` =~ /^(?:aarch64|arm64)/ ? 113 : 228;
sub us { my $t = "\\0" x 16; syscall $n, 1, $t; my ($s, $ns) = unpack "qq", $t; $s * 1e6 + $ns / 1e3 }`;

// The kept connection is what the controller has, too
const client = `
use strict; use IO::Socket::UNIX;${clock}
my $socket = IO::Socket::UNIX->new(Peer => "/var/run/docker.sock") or die "docker.sock: $!\\n";
my $begun;
for my $turn (-300 .. $ARGV[0] - 1) {
    $begun = us() if $turn == 0;
    syswrite $socket, "GET /containers/json HTTP/1.1\\r\\nHost: docker\\r\\n\\r\\n";
    my $answer = "";
    sysread $socket, $answer, 65536, length $answer or die "it went away\\n" until $answer =~ /\\]\\n?$/;
}
printf "%.3f\\n", (us() - $begun) / $ARGV[0];`;

const writer = `
use strict;${clock}
open my $log, ">", $ARGV[1] or die "$ARGV[1]: $!\\n";
my $begun = us();
for my $line (1 .. $ARGV[0]) { my $now = us() - $begun; syswrite $log, sprintf "(%02d.%06d) mem: will dump %d pages of a mapping at %x\\n", $now / 1e6, $now % 1e6, $line, $line }
printf "%.3f\\n", (us() - $begun) / $ARGV[0];
unlink $ARGV[1];`;

/** @throws TransshipError `failed` when no span or no line comes */
export async function measureRequests(host: Host, signal: AbortSignal): Promise<RequestCosts> {
  const plain: number[] = [];
  const spans: number[] = [];
  const lines: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    signal.throwIfAborted();
    const at = (await timed(host, [])).us;
    plain.push(at);
    spans.push(perUnit(await timed(host, ['spans']), at, 'span'));
    lines.push(perUnit(await timed(host, ['log']), at, 'line'));
  }
  const criuLines = await perl(host, writer, [20_000, '/var/lib/transship/criu/bench.log']);
  return { spanUs: medianOf(spans), lineUs: medianOf(lines), criuLineUs: criuLines, requestUs: medianOf(plain) };
}

interface Timed {
  readonly us: number;
  /** Spans that came, or lines that were written, a request. */
  readonly unitsEach: number;
}

function perUnit({ us, unitsEach }: Timed, plainUs: number, what: string): number {
  if (unitsEach < 0.5) throw new TransshipError('failed', `no ${what} came of a request`, 'transship doctor test:a');
  return (us - plainUs) / unitsEach;
}

/** All that goes on meanwhile is in it, the sending of batches as well: the whole loop is timed, and not one request. */
async function timed(host: Host, chosen: readonly Kind[]): Promise<Timed> {
  await haveDaemon(host, chosen);
  const folder = createRun();
  await using native = await openNativeSpans(folder, [host]);
  const countLines = 'grep -c " level=debug " /var/log/dockerd.log; true';
  const before = Number((await host.shell.run(countLines)).stdout);
  const us = await perl(host, client, [requests]);
  const lines = Number((await host.shell.run(countLines)).stdout) - before;
  await native.settle();
  const { spans } = readNativeEvidence(hostEvidence(folder, host.name), { role: 'source', traceId: '' });
  rmSync(folder.path, { recursive: true });
  const units = chosen.includes('spans') ? spans.length : lines;
  return { us, unitsEach: units / (requests + 300) };
}

async function perl(host: Host, script: string, words: readonly (string | number)[]): Promise<number> {
  const command = `perl -e ${quoteWord(script)} ${words.join(' ')}`;
  const { stdout, stderr, exitCode } = await host.shell.run(command, { timeoutMs: limitMs });
  if (exitCode === 0) return Number(stdout);
  throw new TransshipError('failed', `${host.name}: ${stderr.trim()}`, 'transship doctor test:a');
}
