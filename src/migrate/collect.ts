import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { appendRecord } from '../evidence/json-lines.ts';
import type { CriuFilesRecord, DockerEventRecord } from '../evidence/records.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { nsPerMs, nsPerS } from '../trace/time.ts';
import { bounded } from './bounded.ts';
import { collectCheckpointFolders } from './collect-checkpoints.ts';
import { messageOf } from './engine.ts';
import { fromSeconds, type Mark, workFiles } from './mark.ts';

/** The kernel dates files by the last tick, up to 10 ms ago. */
const coarseClockNs = 10n * nsPerMs;
/** A log that ran away (a looping restore writes 50 MB a second) is cut here. */
const fileLimitBytes = 64 * 1024 * 1024;

export interface Collected {
  readonly folder: RunFolder;
  readonly host: Host;
  readonly mark: Mark;
  /** The container there, and its checkpoint's folder; null where there is none. */
  readonly containerId: string | null;
  readonly checkpointFolder: string | null;
  /** The images that date the dump's log are the source's; a copy of them would date nothing on the destination. */
  readonly isSource: boolean;
}

/** Each kind of evidence by itself: where one cannot be had (dockerd is dead, a file unreadable), the others are. */
const collectors = {
  "CRIU's logs": collectCriu,
  'the list of images': collectImageList,
  'where images were unpacked': collectCheckpointFolders,
  "dockerd's log": collectDockerdLog,
  "Docker's events": collectEvents,
  'marks of the scripts': collectMarks,
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

/** The moments that the scripts of a move noted, which nobody watched from here. */
async function collectMarks({ folder, host, mark: { stage } }: Collected): Promise<void> {
  if (stage === null) return;
  const file = `${stage}/marks`;
  if ((await host.shell.run(`[ -s ${quoteWord(file)} ]`)).exitCode !== 0) return;
  const target = hostEvidence(folder, host.name);
  mkdirSync(target, { recursive: true });
  await fetch(host, file, join(target, 'marks.log'));
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
  for (const file of files) await fetch(host, file.path, join(target, file.name));
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
 * /proc/uptime is the boot clock cut to hundredths (fs/proc/uptime.c): in the moment in which it goes on it is exact. Whoever sees that is
 * late, never early, so that the least of several differences is the nearest: within 0.02 ms on an idle machine. Debian's perl-base has no
 * Time::HiRes.
 */
const readBootClock = `least=
for turn in 1 2 3 4 5; do
    read -r was _ </proc/uptime && up=$was
    while [ "$up" = "$was" ]; do read -r up _ </proc/uptime || exit; done
    now=$((\${EPOCHREALTIME/[.,]/} - 10#\${up/./} * 10000))
    [ -n "$least" ] && ((least <= now)) || least=$now
done
echo "\${least}000"`;

async function realtimeMinusBoottime(host: Host): Promise<string | null> {
  const { exitCode, stdout } = await host.shell.run(`bash -c ${quoteWord(readBootClock)}`);
  return exitCode === 0 && /^\d+$/.test(stdout.trim()) ? stdout.trim() : null;
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
  for (const image of images.filter(({ name }) => /^(timens-\d+|inventory)\.img$/.test(name))) {
    await fetch(host, image.path, join(target, image.name));
  }
}

async function fetch(host: Host, path: string, file: string): Promise<void> {
  const process = host.spawn(`head -c ${fileLimitBytes} -- ${quoteWord(path)}`);
  process.stdin.end();
  const copied = pipeline(process.stdout, createWriteStream(file)).then(() => process.ended);
  await bounded(`reading ${path} on ${host.name}`, 60_000, copied).catch((error) => {
    process.kill();
    throw error;
  });
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
