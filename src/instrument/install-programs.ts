import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TransshipError } from '../error.ts';
import { sourceEventsFile } from '../evidence/records.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import type { Built } from './build-programs.ts';
import { tellsVersion } from './programs.ts';

/** Where our builds lie on a host, beside its own programs. */
export const installFolder = '/usr/local/lib/transship/source';

const uploadLimitMs = 300_000;

/** A program that the host runs from now on in the place of its own at `path`. */
export interface Switched {
  readonly name: string;
  readonly path: string;
}

/**
 * Puts instrumented programs on a host and switches to them. A program that runs already goes on as it is: containers get the new ones when
 * they are started, daemons when they are restarted.
 * @throws TransshipError `not-ready`: the host's programs are of another version, or it refuses: it runs its own then
 */
export async function installPrograms(host: Host, { folder, programs }: Built): Promise<readonly Switched[]> {
  for (const program of programs) await checkVersion(host, program);
  await run(host, `mkdir -p ${installFolder}`);
  for (const { name } of programs) await upload(host, join(folder, name), `${installFolder}/${name}`);
  return switchTo(
    host,
    'on',
    programs.map(({ name }) => name),
  );
}

/** The host's own programs again, and nothing of ours left; those that run go on until they end. */
export async function backToStock(host: Host): Promise<readonly Switched[]> {
  return switchTo(host, 'off', []);
}

async function checkVersion(host: Host, { name, version }: Built['programs'][number]): Promise<void> {
  const { stdout } = await host.shell.run(`${name} ${name.startsWith('containerd-shim') ? '-v' : '--version'}`);
  if (tellsVersion(stdout, version)) return;
  const theirs = /\d+\.\d+\.\d+[^\s,]*/.exec(stdout)?.[0] ?? 'none';
  const what = `${host.name}: its ${name} is ${theirs}, ours would be ${version}`;
  throw new TransshipError('not-ready', what, 'build the set that the host has: --set debian13 or --set testing');
}

async function upload(host: Host, from: string, to: string): Promise<void> {
  const process = host.spawn(`cat >${to}.new && chmod 755 ${to}.new && mv ${to}.new ${to} || { rm -f ${to}.new; exit 1; }`);
  const timer = setTimeout(() => process.kill(), uploadLimitMs);
  process.stdout.resume();
  const sent = await pipeline(createReadStream(from), process.stdin).catch((error: Error) => error);
  const { exitCode, stderr } = await process.ended;
  clearTimeout(timer);
  if (exitCode === 0 && sent === undefined) return;
  const why = stderr.trim() || (sent?.message ?? `exit status ${exitCode}`);
  throw new TransshipError('not-ready', `${host.name}:${to}: ${why}`, 'is there room, and may root write there?');
}

async function switchTo(host: Host, to: 'on' | 'off', names: readonly string[]): Promise<readonly Switched[]> {
  const script = readFileSync(join(packageRoot(), 'src/instrument/host/switch.sh'), 'utf8');
  const output = await run(host, ['sh', '-s', '--', to, installFolder, sourceEventsFile, ...names].join(' '), script);
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ')[0] ?? '', path: line.slice(line.indexOf(' ') + 1) }));
}

async function run(host: Host, command: string, stdin?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.shell.run(command, stdin === undefined ? {} : { stdin });
  if (exitCode === 0) return stdout;
  const why = stderr.trim().split('\n').at(-1) || `exit status ${exitCode}`;
  throw new TransshipError(
    'not-ready',
    `${host.name}: ${why}`,
    'transship source install HOST --stock takes everything off again',
  );
}
