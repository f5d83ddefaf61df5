import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endGroup } from './end-group.ts';

/** A host whose cgroups and runc's states are folders below one of the test's. Its processes are real, and a container's id is no other one's. */
export interface PlayedHost {
  readonly root: string;
  readonly id: string;
  /** Of the container, where cgroupfs has it. */
  readonly group: string;
  run(script: string): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** A process by the name and with the words that it is to have. @returns its number, once it is about to run the text */
  startAs(name: string, words: readonly string[], text: string): Promise<number>;
  /** @returns its number, once it has said anything */
  start(file: string, words: readonly string[]): Promise<number>;
  /** Shell text: a process that is in the group as long as it lives; its number is in the file `member`, too. */
  member(group?: string): string;
  /** Starts one. @returns its number, once it is in the group */
  startMember(group?: string): Promise<number>;
  memberPid(): number;
  close(): Promise<void>;
}

export function playHost(): PlayedHost {
  const root = mkdtempSync(join(tmpdir(), 'transship-host-'));
  const id = randomBytes(32).toString('hex');
  const toEnd: number[] = [];
  let processes = join(root, 'processes');
  for (const folder of [`cgroup/docker/${id}/inner`, 'bin', 'stage', 'docker'])
    mkdirSync(join(root, folder), { recursive: true });
  const start = async (file: string, words: readonly string[]) => {
    const { pid = 0, stdout } = spawn(file, words, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    toEnd.push(pid);
    await new Promise((resolve) => stdout.once('data', resolve));
    return pid;
  };
  const memberPid = () => Number(readFileSync(join(root, 'member'), 'utf8'));
  const host: PlayedHost = {
    ...{ root, id, group: join(root, `cgroup/docker/${id}`), memberPid, start },
    run: (script) => runAt(root, script),
    startAs: (name, words, text) => {
      writeProgram(join(root, 'bin', name), `echo begun\n${text}`);
      return start(join(root, 'bin', name), words);
    },
    member: (at = host.group) => {
      processes = join(at, 'cgroup.procs');
      return `(sleep 600 & echo $! >${at}/cgroup.procs; echo $! >${root}/member; wait; : >${at}/cgroup.procs) &`;
    },
    startMember: async (at) => {
      const isThere = `until [ -s ${root}/member ]; do sleep 0.01; done`;
      writeProgram(join(root, 'starter'), `${host.member(at)}\n${isThere}; echo begun; wait`);
      await start(join(root, 'starter'), []);
      return memberPid();
    },
    close: async () => {
      for (const pid of existsSync(join(root, 'member')) ? [...toEnd, memberPid()] : toEnd)
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      while (readFileSync(processes, { encoding: 'utf8', flag: 'a+' }) !== '') await sleep(10); // whoever empties it still does
      for (const pid of toEnd) endGroup(pid); // what those had begun
      rmSync(root, { recursive: true });
    },
  };
  return host;
}

export function writeProgram(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** By a shell's standard input, as a host is told: no command line holds the script. An orphan is one of ours: who takes in real ones is the machine's affair. */
function runAt(root: string, script: string): ReturnType<PlayedHost['run']> {
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` };
  const shell = spawn('sh', { env });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    shell[stream].on('data', (chunk) => {
      said[stream] += chunk;
    });
  }
  shell.stdin.end(
    script
      .replaceAll('/sys/fs/cgroup', join(root, 'cgroup'))
      .replaceAll('/run/docker', join(root, 'docker'))
      .replaceAll('(criu) 1 ', `(criu) ${process.pid} `),
  );
  return new Promise((resolve) => shell.once('close', (status) => resolve({ exitCode: status ?? -1, ...said })));
}
