import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostFile } from '../src/wrap/host-files.ts';
import { endGroup } from './end-group.ts';

/** A folder in which dump.sh and give-up.sh find all that they need, without root: what they ask of the host is played by the programs in `bin`. */
export interface StagedDump extends Disposable {
  /** Files of the test's own: `freezer`, `ip` (what was asked of ip), `data` (a layer of the container). */
  readonly root: string;
  /** FOLDER of dump, and of give-up. */
  readonly folder: string;
  program(name: string, text: string): void;
  settings(line: string): void;
  read(file: string): string;
  start(script: 'dump' | 'give-up', word?: string): Promise<Ended>;
  /** Ends with the folder, whatever becomes of the test. @returns its process */
  run(program: string): number;
  /** What the scripts have noted, without the times. */
  marks(): readonly string[];
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Says as bin/criu on a source does that all is ready for the dump, and waits for the word to dump. */
export const criuAsks = 'echo "work $$" >"$TRANSSHIP_STAGE/asked"; read -r word <"$TRANSSHIP_STAGE/answer"';

export function stageDump(): StagedDump {
  const root = mkdtempSync(join(tmpdir(), 'transship-dump-'));
  const folder = join(root, 'near');
  for (const path of ['bin', 'data', 'far', 'near/bin', 'near/images', 'near/work'])
    mkdirSync(join(root, path), { recursive: true });
  for (const name of ['dump', 'give-up', 'keep-log', 'mark'] as const) writeFileSync(join(folder, name), hostFile(name));
  const files = { 'bin/criu': '', 'criu.conf': '', copy: '' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(root, 'freezer'), 'THAWED');
  writeFileSync(join(root, 'far/receive'), 'echo listening; read -r word; echo "$word" >said\n');
  writeFileSync(join(root, 'far/unpack'), 'echo listening; cat >/dev/null\n');
  const program = (name: string, text: string) =>
    writeFileSync(join(root, 'bin', name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  program('criu', '');
  program('ip', `echo "$*" >>${root}/ip`);
  let settings = `id=abc root=/runc freezer=${root}/freezer frozen=FROZEN thawed=THAWED work=${folder}/work far=${root}/far
links=(veth1) limit_s=60.000000
far_root() { cd ${root}/far && case $1 in *receive*) echo "$BASHPID" >receiver-pid ;; esac && sh -c "$1"; }\n`;
  const marks = () =>
    readIfThere(join(folder, 'marks'))
      .replace(/^[\d.]+ /gm, '')
      .split('\n')
      .slice(0, -1);
  const groups: number[] = [];
  const play = (...[file = '', ...words]: readonly string[]) => {
    const env = { PATH: `${root}/bin:${process.env.PATH}`, TRANSSHIP_STAGE: folder };
    const started = spawn(file, words, { env, cwd: folder, detached: true });
    groups.push(started.pid ?? 0);
    return started;
  };
  return {
    ...{ root, folder, program, marks },
    settings: (line) => {
      settings += `${line}\n`;
    },
    read: (file) => readIfThere(join(root, file)),
    start: async (script, word = '') => {
      writeFileSync(join(folder, 'settings'), settings);
      const started = play('bash', join(folder, script), folder, ...(word === '' ? [] : [word]));
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const) started[stream].on('data', (part) => (said[stream] += part));
      const [status] = await once(started, 'close');
      return { status, ...said };
    },
    run: (name) => play(join(root, 'bin', name)).pid ?? 0,
    [Symbol.dispose]: () => {
      for (const group of groups) endGroup(group);
      rmSync(root, { recursive: true });
    },
  };
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
