import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { TransshipError } from '../../src/error.ts';
import { offsetOf, type RoundTrip } from '../../src/trace/round-trips.ts';
import { nowNs } from '../../src/trace/time.ts';

const roundTripsWanted = 20;
const limitMs = 120_000;

/**
 * Answers each line with the time in nanoseconds; a line with a number moves the clock by as many first. 227 and 228: clock_settime(2)
 * and clock_gettime(2), 0 the clock of the wall. It ends by saying whether Docker answers.
 */
const program = `$| = 1; $t = "\\0" x 16; sub now { syscall 228, 0, $t; my ($s, $ns) = unpack "qq", $t; $s * 1000000000 + $ns }
  while (<STDIN>) { if (/(-?\\d+)/) { $n = now() + $1; $t = pack "qq", int $n / 1000000000, $n % 1000000000; syscall 227, 0, $t } print now(), "\\n" }
  exit system "docker version >/dev/null 2>&1"`;

/** How far a guest's clock was off, and what it is off by now at most. */
export interface ClockSet {
  readonly wasNs: bigint;
  readonly isNs: bigint;
  readonly boundNs: bigint;
}

/**
 * Sets the clock of a guest that was saved, which stands where it was then, by this machine's; and asks whether its Docker answers. One
 * connection for all of it: each costs a second where the code is emulated.
 * @throws TransshipError `failed`
 */
export async function setClock(sshConfig: string, name: string): Promise<ClockSet> {
  const words = ['-F', sshConfig, '-o', 'ControlMaster=no', '-o', 'ControlPath=none', name, `perl -e '${program}'`];
  const child = execa('ssh', words, { buffer: false, reject: false, stdin: 'pipe', timeout: limitMs });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const trip = async (word: string): Promise<RoundTrip> => {
    const sentNs = nowNs();
    child.stdin.write(`${word}\n`);
    const { value, done } = await lines.next();
    if (done) throw failure(name, `its clock cannot be set: ${said.trim() || 'ssh ended'}`);
    return { sentNs, remoteNs: BigInt(value), gotNs: nowNs() };
  };
  const offset = async () => {
    const trips: RoundTrip[] = [];
    while (trips.length < roundTripsWanted) trips.push(await trip(''));
    return offsetOf(trips);
  };
  const { offsetNs: wasNs } = await offset();
  await trip(String(-wasNs));
  // the first trips of a machine that has just woken are long, so that what they tell is rough
  await trip(String(-(await offset()).offsetNs));
  const { offsetNs: isNs, boundNs } = await offset();
  child.stdin.end();
  const { exitCode } = await child;
  if (exitCode !== 0) throw failure(name, `its Docker does not answer (status ${exitCode})`);
  return { wasNs, isNs, boundNs };
}

function failure(name: string, what: string): TransshipError {
  return new TransshipError('failed', `${name}, from a saved state: ${what}`, 'transship testbed up without --saved boots anew');
}
