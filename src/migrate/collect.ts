import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { appendRecord } from '../evidence/json-lines.ts';
import { type CriuFilesRecord, type DockerEventRecord, sourceEventsFile } from '../evidence/records.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { nsPerMs, nsPerS } from '../trace/time.ts';
import { bounded } from './bounded.ts';
import { collectCheckpointFolders } from './collect-checkpoints.ts';
import { collectCalls, collectKernel } from './collect-watch.ts';
import { messageOf } from './engine.ts';
import { fetchFile, fileLimitBytes } from './fetch-file.ts';
import { fromSeconds, type Mark, workFiles } from './mark.ts';
import { type Uprobes, uprobesFolder } from './uprobes.ts';
import type { Watch } from './watch.ts';

/** The kernel dates files by the last tick, up to 10 ms ago. */
const coarseClockNs = 10n * nsPerMs;
export interface Collected {
  readonly folder: RunFolder;
  readonly host: Host;
  readonly mark: Mark;
  /** The container there, and its checkpoint's folder; null where there is none. */
  readonly containerId: string | null;
  readonly checkpointFolder: string | null;
  /** The images that date the dump's log are the source's; a copy of them would date nothing on the destination. */
  readonly isSource: boolean;
  readonly watch: Watch | null;
  readonly uprobes: Uprobes | null;
}

/** Each kind of evidence by itself: where one cannot be had (dockerd is dead, a file unreadable), the others are. */
const collectors = {
  "CRIU's logs": collectCriu,
  'the list of images': collectImageList,
  'where images were unpacked': collectCheckpointFolders,
  "dockerd's log": collectDockerdLog,
  "Docker's events": collectEvents,
  'marks of the scripts': collectMarks,
  'what the host noted of calls': collectWatch,
  'calls of instrumented programs': collectSource,
  "what the kernel noted in Docker's programs": collectUprobes,
} as const;

/**
 * Takes what the layers left on a host into the run's folder. Also after a failure: what is not there is left out.
 * @returns what could not be had and why; it throws nothing
 */
export async function collect(from: Collected): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const [what, take] of Object.entries(collectors)) {
    await take(from).catch((error) => warnings.push(`evidence of ${from.host.name}: ${what}: ${messageOf(error)}`));
  }
  return warnings;
}

/** By wrappers and kernel. */
async function collectWatch({ folder, host, watch, containerId }: Collected): Promise<void> {
  if (watch === null) return;
  await watch.take();
  const target = hostEvidence(folder, host.name);
  mkdirSync(target, { recursive: true });
  await collectCalls(host, target, containerId);
  await collectKernel(host, target);
}

/** In programs that were not built for it. */
async function collectUprobes({ folder, host, uprobes }: Collected): Promise<void> {
  if (uprobes === null) return;
  await uprobes.take();
  const target = hostEvidence(folder, host.name);
  mkdirSync(target, { recursive: true });
  const records = uprobes.records.map((record) => `${JSON.stringify(record)}\n`);
  writeFileSync(join(target, 'uprobes.jsonl'), records.join(''));
  await fetchFile(host, `${uprobesFolder}/uprobes.trace`, join(target, 'uprobes.trace'));
}

/** The moments that the scripts of a move noted, which nobody watched from here. */
async function collectMarks({ folder, host, mark: { stage } }: Collected): Promise<void> {
  if (stage === null) return;
  const file = `${stage}/marks`;
  if ((await host.shell.run(`[ -s ${quoteWord(file)} ]`)).exitCode !== 0) return;
  const target = hostEvidence(folder, host.name);
  mkdirSync(target, { recursive: true });
  await fetchFile(host, file, join(target, 'marks.log'));
}

/** Written by programs that `transship source install` put there; of other moves' time nothing is kept. */
async function collectSource({ folder, host, mark: { sinceNs } }: Collected): Promise<void> {
  if ((await host.shell.run(`[ -s ${sourceEventsFile} ]`)).exitCode !== 0) return;
  const target = hostEvidence(folder, host.name);
  mkdirSync(target, { recursive: true });
  const file = join(target, 'source.jsonl');
  await fetchFile(host, sourceEventsFile, file);
  const lines = readFileSync(file, 'utf8').split('\n');
  const isSince = (line: string): boolean => BigInt(/"endNs":"(\d+)"/.exec(line)?.[1] ?? 0) >= sinceNs;
  writeFileSync(
    file,
    lines
      .filter(isSince)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

async function collectCriu({ folder, host, mark: { criuFolder, dockerRoot, sinceNs }, containerId }: Collected): Promise<void> {
  const target = join(hostEvidence(folder, host.name), 'criu');
  const kept = criuFolder === null ? [] : await list(host, criuFolder, workFiles);
  // Docker leaves these by itself: the first on a failed dump, the second while the container lives
  const left = containerId === null ? [] : await list(host, '/', leftByDocker(dockerRoot, containerId));
  const all = [...kept, ...left.filter((file) => !kept.some((other) => other.name === file.name))];
  const files = all.filter(({ mtimeNs }) => BigInt(mtimeNs) >= sinceNs - coarseClockNs);
  if (files.length === 0) return;
  mkdirSync(target, { recursive: true });
  for (const file of files) await fetchFile(host, file.path, join(target, file.name));
  const record: CriuFilesRecord = {
    realtimeMinusBoottimeNs: await realtimeMinusBoottime(host),
    files: files.map(({ path: _path, ...file }) => file),
  };
  writeFileSync(join(target, 'files.json'), `${JSON.stringify(record, null, 1)}\n`);
}

function leftByDocker(dockerRoot: string, id: string): string {
  const task = `io.containerd.runtime.v2.task/moby/${id}`;
  const state = `run/docker/containerd/daemon/${task}/criu-dump.log run/containerd/${task}/criu-dump.log`;
  return `${state} ${quoteWord(dockerRoot.slice(1))}/containerd/daemon/${task}/restore.log var/lib/containerd/${task}/restore.log`;
}

interface Listed {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly mtimeNs: string;
  readonly birthNs: string | null;
}

async function list(host: Host, folder: string, names: string): Promise<readonly Listed[]> {
  const { stdout } = await host.shell.run(`cd ${quoteWord(folder)} && stat -c '%s %.9Y %.9W %n' -- ${names} 2>/dev/null`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [bytes = '0', modified = '', born = '', ...rest] = line.split(' ');
      const path = rest.join(' ');
      const base = path.split('/').at(-1) ?? path;
      const isUnborn = /^0?\.?0*$|^-/.test(born);
      return {
        name: base === 'criu-dump.log' ? 'dump.log' : base,
        path: `${folder}/${path}`,
        bytes: Number(bytes),
        mtimeNs: String(fromSeconds(modified)),
        birthNs: isUnborn ? null : String(fromSeconds(born)),
      };
    });
}

/**
 * perl-base is on every Debian and Ubuntu, and has no Time::HiRes: clock_gettime(2) by its number. Without perl the next best anchor serves.
 */
async function realtimeMinusBoottime(host: Host): Promise<string | null> {
  const perl = `perl -e '$n = \`uname -m\` =~ /^(aarch64|arm64)/ ? 113 : 228;
    sub clock { my $t = "\\0" x 16; syscall($n, $_[0], $t) == 0 or exit 1; my ($s, $ns) = unpack "qq", $t; $s * 1000000000 + $ns }
    $b = clock(7); $r = clock(0); $c = clock(7); print $r - int(($b + $c) / 2)'`;
  const { exitCode, stdout } = await host.shell.run(perl);
  return exitCode === 0 && /^\d+$/.test(stdout) ? stdout : null;
}

/** The images' names and sizes; of the images themselves only those that date the logs and name the run. */
async function collectImageList({ folder, host, checkpointFolder, isSource }: Collected): Promise<void> {
  if (checkpointFolder === null) return;
  const images = await list(host, checkpointFolder, '*.img');
  if (images.length === 0) return;
  const target = join(hostEvidence(folder, host.name), 'criu');
  mkdirSync(target, { recursive: true });
  const names = images.map(({ name, bytes }) => ({ name, bytes }));
  writeFileSync(join(target, 'images.json'), `${JSON.stringify(names, null, 1)}\n`);
  if (!isSource) return;
  for (const image of images.filter(({ name }) => /^(timens-0|inventory)\.img$/.test(name))) {
    await fetchFile(host, image.path, join(target, image.name));
  }
}

async function collectDockerdLog({ folder, host, mark: { dockerdLog, sinceNs } }: Collected): Promise<void> {
  const target = hostEvidence(folder, host.name);
  mkdirSync(target, { recursive: true });
  const since = `@${(sinceNs / nsPerS).toString()}`;
  const command =
    dockerdLog === null
      ? `journalctl --quiet --no-pager -o cat -u docker -u containerd --since ${since} 2>/dev/null`
      : `tail -c +${dockerdLog.bytes + 1} ${dockerdLog.file}`;
  const process = host.spawn(`{ ${command}; } | head -c ${fileLimitBytes}`);
  process.stdin.end();
  await bounded(
    `reading dockerd's log on ${host.name}`,
    60_000,
    pipeline(process.stdout, createWriteStream(join(target, 'dockerd.log'))),
  );
}

async function collectEvents({ folder, host, mark: { sinceNs }, containerId }: Collected): Promise<void> {
  if (containerId === null) return;
  const until = Number((await host.shell.run('date +%s.%N')).stdout.trim());
  const since = Number(sinceNs / nsPerS); // both by the host's clock
  const filters = { container: [containerId] };
  const stream = await bounded('docker events', 10_000, host.docker.getEvents({ since, until, filters }));
  const text = await bounded('docker events', 20_000, textOf(stream));
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const event = JSON.parse(line) as { Type: string; Action: string; Actor: { ID: string }; timeNano: number };
    // timeNano exceeds 2^53, and JSON.parse has rounded it: taken from the text
    const timeNs = /"timeNano":(\d+)/.exec(line)?.[1] ?? String(event.timeNano);
    const record: DockerEventRecord = { type: event.Type, action: event.Action, id: event.Actor.ID, timeNs };
    appendRecord(join(hostEvidence(folder, host.name), 'events.jsonl'), record);
  }
}
