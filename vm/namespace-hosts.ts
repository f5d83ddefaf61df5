import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';
import type { HostPlan } from './host-layer.ts';
import type { HostSetting, Maker } from './host-setting.ts';
import { tail } from './log-tail.ts';
import { raisePipeSize } from './pipe-size.ts';
import { isAlive, startTime } from './process-identity.ts';
import { rootTree } from './rootfs.ts';
import { inHost, startHost } from './test-host.ts';
import type { TestHost } from './testbed-state.ts';

/** Of all that waits for one host; dockerd needs 2 to 5 seconds on two busy cores. */
const readyLimitMs = 90_000;

/** Hosts in namespaces of this machine, and on its kernel. */
export async function namespaceHosts({ ground, folder, packages, extra, say }: HostSetting): Promise<Maker> {
  const { groups, prefix } = ground;
  if (groups === null)
    throw new TransshipError('not-ready', 'hosts in namespaces need root', 'virtual machines do not: --kind vm');
  raisePipeSize();
  const tree = await rootTree({ packages, extra, prefix, say });
  return {
    tree,
    kernel: release(),
    accelerator: null,
    start: async (plan) => {
      const initPid = await startHost({ plan, folder, rootTree: tree, groups });
      const initGroups = groups.initGroups(plan.name);
      const host = { name: plan.name, address: plan.address, initPid, initStart: startTime(initPid) ?? '', initGroups };
      await waitForDocker(host, plan);
      return host;
    },
  };
}

/** For a host that did not come up. */
export function dockerdLog(plan: Pick<HostPlan, 'name' | 'upper'>): string | null {
  const file = join(plan.upper, 'var/log/dockerd.log');
  return existsSync(file) ? `end of dockerd's log on ${plan.name}:\n${tail(file)}` : null;
}

async function waitForDocker(host: TestHost, plan: HostPlan): Promise<void> {
  const inner = join(host.initGroups[0] as string, 'cgroup.procs'); // on cgroup v2 made by the host's own init
  const isEnterable = (): boolean => hasItsOwnRoot(host.initPid) && existsSync(inner);
  for (let tries = 0; !isEnterable() && isAlive(host.initPid, host.initStart) && tries < 600; tries += 1) await sleep(50);
  const probe = 'until docker version >/dev/null 2>&1; do sleep 0.1; done';
  const words = [...inHost(host.initPid, host.initGroups), 'sh', '-c', probe];
  const result = await execa(words[0] as string, words.slice(1), { reject: false, timeout: readyLimitMs, stdin: 'ignore' });
  if (result.exitCode === 0) return;
  const why = result.timedOut ? `does not answer after ${readyLimitMs / 1000} s` : `cannot be asked: ${result.stderr}`;
  throw new TransshipError(
    'failed',
    `dockerd on ${plan.name} ${why}`,
    'the end of its log is above; is this kernel able to run Docker?',
  );
}

/**
 * Has the host's first process entered its own root? It is tini only after pivot_root, which moves every process of the mount
 * namespace: one that entered earlier would start with this machine's dynamic linker and go on with the host's C library.
 */
function hasItsOwnRoot(initPid: number): boolean {
  try {
    return readFileSync(`/proc/${initPid}/comm`, 'utf8') === 'tini\n';
  } catch {
    return false; // gone
  }
}
