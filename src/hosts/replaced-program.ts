import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TransshipError } from '../error.ts';
import type { Host } from './host.ts';
import { quoteWord } from './link.ts';

/** Programs of a Docker host, and whether dockerd must start anew to take another one into use. */
const programs: Readonly<Record<string, { readonly isOfDaemon: boolean }>> = {
  containerd: { isOfDaemon: true },
  'containerd-shim-runc-v2': { isOfDaemon: false },
  criu: { isOfDaemon: false },
  dockerd: { isOfDaemon: true },
  runc: { isOfDaemon: false },
};

const suffix = 'transship-kept';

export interface Replaced {
  readonly program: string;
  /** First line of `--version`, as it was and as it is. */
  readonly before: string;
  readonly after: string;
  readonly isOfDaemon: boolean;
}

/**
 * Puts a program that was built here in the place of the host's own, which is kept beside it. In one step: what runs goes on with the old one.
 * @param file its name is the program's
 * @throws TransshipError `usage` for a name that is not one of them; `failed` when it does not run there: the host has its own again
 */
export async function replaceProgram(host: Host, file: string): Promise<Replaced> {
  const program = basename(file);
  const known = knownProgram(program);
  const before = await versionOf(host, program);
  const place = await placeOf(host, program);
  const upload = host.spawn(`cat >${place}.new && chmod 755 ${place}.new`);
  await pipeline(createReadStream(file), upload.stdin).catch((cause: Error) => {
    throw new TransshipError('usage', `${file}: ${cause.message}`, 'name a program that was built', { cause });
  });
  const { exitCode, stderr } = await upload.ended;
  if (exitCode !== 0) throw new TransshipError('failed', `${host.name}: ${stderr.trim()}`, 'has its disk room?');
  await change(host, `[ -e ${place}.${suffix} ] || cp -p ${place} ${place}.${suffix}; mv ${place}.new ${place}`);
  try {
    return { program, before, after: await versionOf(host, program), isOfDaemon: known.isOfDaemon };
  } catch (error) {
    await putBack(host, program);
    throw error;
  }
}

/**
 * Gives the host its own program back.
 * @throws TransshipError `failed` when it has it
 */
export async function putBack(host: Host, program: string): Promise<Omit<Replaced, 'before'>> {
  const { isOfDaemon } = knownProgram(program);
  const place = await placeOf(host, program);
  await change(
    host,
    `[ -e ${place}.${suffix} ] || { echo "${program} is the host's own" >&2; exit 1; }; mv ${place}.${suffix} ${place}`,
  );
  return { program, after: await versionOf(host, program), isOfDaemon };
}

function knownProgram(program: string) {
  const known = programs[program];
  if (known !== undefined) return known;
  throw new TransshipError('usage', `'${program}' is no program of a Docker host`, `one of ${Object.keys(programs).join(', ')}`);
}

async function placeOf(host: Host, program: string): Promise<string> {
  const { stdout } = await host.shell.run(`readlink -f "$(command -v ${program})"`);
  if (stdout.trim() !== '') return quoteWord(stdout.trim());
  throw new TransshipError('failed', `${host.name} has no ${program}`, 'it needs one to be replaced');
}

async function versionOf(host: Host, program: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.shell.run(`${program} --version`);
  if (exitCode === 0) return stdout.trim().split('\n')[0] ?? '';
  const why = (stderr.trim() || stdout.trim()).split('\n')[0] ?? '';
  throw new TransshipError(
    'failed',
    `${program} does not run on ${host.name}: ${why}`,
    'build it for that system: its libraries, or static',
  );
}

async function change(host: Host, script: string): Promise<void> {
  const { exitCode, stderr } = await host.shell.run(script);
  if (exitCode !== 0) throw new TransshipError('failed', `${host.name}: ${stderr.trim()}`, 'transship testbed sync --help');
}
