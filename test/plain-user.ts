import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** `nobody`: ssh refuses a user that has no name. */
const uid = 65_534;
const folders = ['home', 'cache', 'state', 'tmp', 'traces'] as const;

/** A user without root, on a machine where no namespace can be made; its folders are its own, and go with it. */
export class PlainUser implements Disposable {
  readonly folder = mkdtempSync('/tmp/user-');
  readonly #before = this.processes();

  constructor() {
    for (const name of ['', ...folders]) {
      mkdirSync(join(this.folder, name), { recursive: true, mode: 0o700 });
      chownSync(join(this.folder, name), uid, uid);
    }
  }

  /** @param around words of root's, put before all */
  transship(words: readonly string[], timeout: number, around: readonly string[] = [], input = '') {
    const place = (name: (typeof folders)[number]): string => join(this.folder, name);
    const env = {
      PATH: '/usr/bin:/bin',
      NO_COLOR: '1',
      HOME: place('home'),
      TMPDIR: place('tmp'),
      XDG_CACHE_HOME: place('cache'),
      XDG_STATE_HOME: place('state'),
      TRANSSHIP_TRACES: place('traces'),
      TRANSSHIP_PATIENCE: '5',
    };
    const user = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
    const bare = ['perl', join(packageRoot(), 'test/fixtures/no-namespaces.pl')];
    const program = [process.execPath, join(packageRoot(), 'dist/src/cli/main.js')];
    const [file = '', ...all] = [...around, ...user, ...bare, ...program, ...words];
    return execa(file, all, { cwd: this.folder, env, extendEnv: false, reject: false, timeout, input });
  }

  /** Its processes that live, by their command lines, without those that were there before. */
  left(): readonly string[] {
    return this.processes().filter((one) => !this.#before.includes(one));
  }

  processes(): readonly string[] {
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids.flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        if (!new RegExp(`^Uid:\\t${uid}\\t`, 'm').test(status) || /^State:\tZ/m.test(status)) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`];
      } catch {
        return []; // it has just gone
      }
    });
  }

  /** All files and sockets in these of its folders. */
  files(...names: readonly (typeof folders)[number][]): readonly string[] {
    return names.flatMap((name) =>
      readdirSync(join(this.folder, name), { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => `${name}: ${entry.name}`),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What keeps that user from running this checkout's program. */
export async function missingForPlainUser(): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return ['a user is made by root'];
  const program = join(packageRoot(), 'dist/src/cli/main.js');
  const words = [`--reuid=${uid}`, '--clear-groups', 'test', '-r', program];
  const { exitCode } = await execa('setpriv', words, { reject: false, cwd: tmpdir() });
  return exitCode === 0 ? [] : [`${program} is for root alone`];
}
