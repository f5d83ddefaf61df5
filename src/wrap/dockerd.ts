import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { patient } from '../hosts/patience.ts';
import { change } from './host-write.ts';
import { runtimeName, runtimePath } from './runtime-place.ts';

const reloadLimitMs = 10_000;
const pollMs = 50;

export interface DaemonInfo {
  readonly isRegistered: boolean;
  readonly isDefault: boolean;
  readonly isRootless: boolean;
  /** Where containers' own files are. */
  readonly rootFolder: string;
}

interface Info {
  readonly Runtimes?: Readonly<Record<string, { readonly path?: string }>>;
  readonly DefaultRuntime?: string;
  readonly SecurityOptions?: readonly string[];
  readonly DockerRootDir: string;
}

/** What dockerd itself says, as it runs now. */
export async function daemonInfo(host: Host): Promise<DaemonInfo> {
  const info: Info = await host.docker.info();
  return {
    isRegistered: info.Runtimes?.[runtimeName]?.path === runtimePath,
    isDefault: info.DefaultRuntime === runtimeName,
    isRootless: (info.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    rootFolder: info.DockerRootDir,
  };
}

/** Has dockerd read its file again, and waits until it has our runtime, or has it no more. */
export async function reloadUntil(host: Host, daemonPid: string, isRegistered: boolean): Promise<void> {
  await change(host, `kill -HUP ${daemonPid}`);
  const limitMs = patient(reloadLimitMs);
  const deadlineMs = Date.now() + limitMs;
  while ((await daemonInfo(host)).isRegistered !== isRegistered) {
    if (Date.now() > deadlineMs) {
      const what = `dockerd did not ${isRegistered ? 'take up' : 'drop'} the runtime '${runtimeName}'`;
      const hint = 'its log says why: journalctl -u docker';
      throw new TransshipError('not-ready', `${host.name}: ${what} within ${limitMs / 1e3} s`, hint);
    }
    await sleep(pollMs);
  }
}
