import { quoteWord } from '../../src/hosts/link.ts';
import { onHost } from '../destination-state.ts';
import { counterPort } from '../host-faults.ts';
import type { TwoHosts } from '../two-hosts.ts';

/** A number that the container said it had, and on which host it said so. */
export interface Answer {
  readonly host: 'a' | 'b';
  readonly number: number;
  /** When it said so, in ms: what was sent before may have waited for it, also on a host that it has only just come to (for its address to be known). */
  readonly atMs: number;
}

/**
 * Sends 40 times a second to whoever may be on the host's bridge the time in ms, which both hosts have in common (228 is clock_gettime(2)), and prints what is
 * answered: by a socket for each, as one waits for addresses that nobody has. SOCK_DGRAM is 2, MSG_DONTWAIT 64. Not by a published port: a dockerd that is killed takes it for allocated ever after.
 */
const client = `$0 = "writer"; $| = 1; $t = "\\0" x 16;
  $ARGV[0] =~ /^(\\d+)[.](\\d+)[.](\\d+)/;
  @to = map { socket my $s, 2, 2, 17; [$s, pack "S n a4 x8", 2, ${counterPort}, pack "C4", $1, $2, $3, $_] } 2 .. 5;
  while (1) {
    syscall 228, 0, $t; ($s, $ns) = unpack "qq", $t;
    send $_->[0], $s * 1000 + int $ns / 1e6, 64, $_->[1] for @to;
    for (@to) { print "$answer\\n" while defined recv $_->[0], $answer, 40, 64 }
    select undef, undef, undef, 0.025
  }`;

const file = '/var/tmp/answers';

/** On either host a client that writes all the time. Whatever has answered has what was written in its memory. */
export async function startWriters({ a, b }: TwoHosts): Promise<void> {
  const script = `address=$(ip -4 -o addr show docker0 | sed 's/.*inet //; s/[/].*//')
    setsid perl -e ${quoteWord(client)} "$address" </dev/null >${file} 2>/dev/null &`;
  for (const host of [a, b]) await onHost(host, script);
  await onHost(a, `for i in $(seq 100); do [ ! -s ${file} ] || exit 0; sleep 0.05; done; exit 1`);
}

/** @returns what was answered, in the order in which that was said; nothing when there are none */
export async function endWriters({ a, b }: TwoHosts): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const [name, host] of [['a', a] as const, ['b', b] as const]) {
    const text = await onHost(host, `pkill -x writer; cat ${file} 2>/dev/null; rm -f ${file}`);
    const lines = text.split('\n').map((line) => line.split(' ').map(Number));
    for (const [number = 0, atMs] of lines) if (atMs !== undefined) answers.push({ host: name, number, atMs });
  }
  return answers.sort((one, other) => one.atMs - other.atMs);
}

interface End {
  /** It ended on b. */
  readonly isThere: boolean;
  /** The highest number that the copy has which lives. */
  readonly written: number;
  readonly printed: string;
}

/** @returns what is wrong with it: a write that was answered and is gone, or two copies that answer */
export function wrongAnswers(answers: readonly Answer[], { isThere, written, printed }: End): readonly string[] {
  // what b has answered until it was stopped for good is undone with it, and that is told
  const kept = answers.filter(({ host }) => isThere || host === 'a');
  const most = kept.reduce((highest, { number }) => Math.max(highest, number), 0);
  const changes = answers.filter(({ host }, index) => index > 0 && answers[index - 1]?.host !== host).length;
  return [
    ...(answers.length === 0 ? ['nobody has answered the client'] : []),
    ...(most > written ? [`write ${most} was answered, and it has ${written}`] : []),
    ...(changes > (isThere ? 1 : 2) ? [`both answer: ${changes} times another one than before`] : []),
    ...(kept.length < answers.length && !/it (?:may have run|ran) on b|it went back to the freeze on a/.test(printed)
      ? ['b has answered, and that this is undone is not told']
      : []),
  ];
}
