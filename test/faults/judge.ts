import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../src/hosts/host.ts';
import { onHost } from '../destination-state.ts';
import { reviveDockerd } from '../host-faults.ts';
import type { TwoHosts } from '../two-hosts.ts';
import type { Played } from './cell.ts';
import { manifestOf } from './command.ts';
import { type Cell, type Fault, faults } from './faults.ts';
import { goingOnMs } from './going-on.ts';
import { added, type Copy, copiesOn, leftoversOn, memoryOf } from './state.ts';
import { wrongAnswers } from './writer.ts';

/** A row of the table. */
export interface Verdict {
  readonly cell: Cell;
  readonly how: string;
  /** In the order in which they were told: by the command, and by `recover`. */
  readonly outcomes: readonly string[];
  /** Hosts on which a copy goes on. */
  readonly liveOn: readonly string[];
  readonly freezeMs: number | null;
  readonly goingOnMs: number | null;
  /** What was left, and told. */
  readonly left: readonly string[];
  /** What is not as it has to be; none: the cell is passed. */
  readonly wrong: readonly string[];
  readonly printed: string;
}

/** What the last line has to say, and the exit status. */
const endings: Readonly<
  Record<string, { readonly says: RegExp; readonly exitCodes: readonly number[]; readonly live: readonly string[] }>
> = {
  migrated: { says: /counter runs on b; a/, exitCodes: [0], live: ['b'] },
  'rolled-back': { says: /counter runs on a \(rolled back\); b/, exitCodes: [1], live: ['a'] },
  refused: { says: /^ +hint: /m, exitCodes: [3], live: ['a'] },
  'halves-kept': { says: /counter runs nowhere: its newest state lies on two hosts/, exitCodes: [70], live: [] },
  lost: { says: /counter (runs nowhere|was last seen)/, exitCodes: [70], live: [] },
};

export const notStruck = 'the fault did not strike';
/** Whatever fails, nobody stands still for longer: an ssh notices within 20 s that nobody answers, Docker's calls have their limits, and a recovery is typed. */
const longestFreezeMs = 90_000;

export async function judge(hosts: TwoHosts, played: Played): Promise<Verdict> {
  const { cell, how, run, struck, exitCode, printed, recovered } = played;
  const fault = faults[cell.fault] as Fault;
  const manifest = manifestOf(run);
  const first = outcomeOf(printed, exitCode);
  const later = recovered.map((again) => outcomeOf(again.printed, again.exitCode ?? null));
  const last = later.at(-1) ?? first;
  const wrong: string[] = [];
  const must = (isSo: boolean, words: string) => {
    if (!isSo) wrong.push(words);
  };
  must(struck, notStruck);
  checkSaid({ must, outcome: first, exitCode, printed });
  for (const [index, again] of recovered.entries())
    checkSaid({ must, outcome: later[index] ?? '', exitCode: again.exitCode ?? null, printed: again.printed });
  must(manifest === null || manifest.outcome === last || last === 'killed', `the run says ${manifest?.outcome}`);
  must(played.runningHalves.length === 0, `it was said to be held, and ran on ${played.runningHalves.join(' and ')}`);
  const ends: readonly string[] = fault.ends ?? ['migrated', 'rolled-back'];
  must(ends.includes(last), `it ended as ${last}`);
  if (fault.told !== undefined) must(fault.told.test(printed), `not told: ${fault.told.source}`);
  const copies = { a: await copiesOn(hosts.a), b: await copiesOn(hosts.b) };
  const liveOn = (['a', 'b'] as const).filter((name) => copies[name].some(({ isLive }) => isLive));
  must(String(liveOn) === String(endings[last]?.live), `live on ${liveOn.join(' and ') || 'neither'}`);
  const [name] = liveOn;
  const live = name === undefined ? undefined : copies[name].find(({ isLive }) => isLive);
  if (name !== undefined && live !== undefined) await checkData(hosts[name], { must, live, played });
  const all = [printed, ...recovered.map((each) => each.printed)].join('\n');
  must((live?.gapMs ?? 0) < longestFreezeMs, `it stood still for ${live?.gapMs} ms`);
  if (live !== undefined)
    wrong.push(...wrongAnswers(played.answers, { isThere: last === 'migrated', written: live.written, printed: all }));
  const told = [...(manifest?.remains ?? []).map(({ host, what }) => `${host}: ${what}`), ...(manifest?.warnings ?? [])];
  const other = last === 'migrated' ? 'a' : 'b';
  must(
    copies[other].length === 0 || told.some((words) => words.startsWith(`${other}: `)),
    `a copy that stands still is left on ${other}, and not told`,
  );
  // not before: a dockerd that is started anew stops the containers that it finds, and starts them as their policy says
  for (const host of [hosts.a, hosts.b]) await reviveDockerd(host);
  const left = await checkLeftovers(hosts, { must, played, last, told });
  const outcomes = [first, ...later];
  return {
    cell,
    how,
    outcomes,
    liveOn,
    freezeMs: live?.gapMs ?? null,
    goingOnMs: last === 'rolled-back' ? goingOnMs(run) : null,
    left,
    wrong,
    printed: all,
  };
}

type Must = (isSo: boolean, words: string) => void;

/** By what is printed alone, as whoever typed it has nothing else. */
function outcomeOf(printed: string, exitCode: number | null): string {
  const found = Object.entries(endings).find(
    ([name, { says, exitCodes }]) => name !== 'refused' && exitCodes.includes(exitCode ?? -1) && says.test(printed),
  );
  return found?.[0] ?? (exitCode === 3 ? 'refused' : exitCode === null ? 'killed' : `status ${exitCode}`);
}

function checkSaid({
  must,
  outcome,
  exitCode,
  printed,
}: {
  must: Must;
  outcome: string;
  exitCode: number | null;
  printed: string;
}): void {
  if (outcome === 'killed') return;
  const ending = endings[outcome];
  must(ending !== undefined, `no end that is known: ${outcome}`);
  if (ending === undefined) return;
  must(ending.exitCodes.includes(exitCode ?? -1), `exit status ${exitCode} of one that ended as ${outcome}`);
  must(ending.says.test(printed), `does not say ${ending.says.source}`);
}

async function checkData(host: Host, { must, live, played }: { must: Must; live: Copy; played: Played }): Promise<void> {
  must(live.count > played.from, `the counter is at ${live.count}, after ${played.from}`);
  must(!played.isLate || live.late === 'late', 'a file that was written late is missing');
  const memory = await memoryOf(host, live);
  must(memory === 'right', `its memory is ${memory}`);
}

interface Leaving {
  readonly must: Must;
  readonly played: Played;
  readonly last: string;
  readonly told: readonly string[];
}

/** What is told may be left: of a host that cannot be asked nothing can be taken away. It has some seconds, as an ssh that was cut ends by itself. */
async function checkLeftovers(hosts: TwoHosts, { must, played, last, told }: Leaving): Promise<readonly string[]> {
  const look = async () => {
    const [a, b] = [added(played.before.a, await leftoversOn(hosts.a)), added(played.before.b, await leftoversOn(hosts.b))];
    return [
      ...a.map((line) => `a: ${line}`),
      ...b.filter((line) => last !== 'migrated' || !isContainersOwn(line)).map((line) => `b: ${line}`),
    ];
  };
  const isTold = (line: string) =>
    told.some(
      (words) =>
        !/^it (?:may have run|ran) on /.test(words) && // says nothing of what is left
        (words.startsWith(line.slice(0, 2)) ||
          words.includes(` on ${line.slice(0, 1)}`) ||
          words.includes(`: ${line.slice(0, 3)}`)),
    );
  let left = await look();
  for (let tries = 0; !left.every(isTold) && tries < 10; tries += 1) {
    await sleep(1_000);
    left = await look();
  }
  for (const line of left) must(isTold(line), `left on ${line}`);
  const policy = last === 'migrated' ? hosts.b : hosts.a;
  const said = await onHost(policy, "docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' counter");
  must(
    said === 'unless-stopped' || told.some((words) => words.includes('docker update --restart=unless-stopped')),
    `restart policy ${said}`,
  );
  return left;
}

/** A container that has arrived has a name, an image and folders of its own. */
function isContainersOwn(line: string): boolean {
  return /^(containers|image)\/|^mount \/var\/lib\/docker\/containers\/|^file \/run\/docker\/runtime-|^process \S*containerd-shim/.test(
    line,
  );
}
