import type { Host } from '../hosts/host.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './engine.ts';

/** Where runc keeps the state of Docker's containers (dockerd's own containerd and a system one alike). */
export const runcRoot = '/run/docker/runtime-runc/moby';

/**
 * Lets a paused container go on: through Docker, and where dockerd does not answer (it may have been what failed)
 * through runc, once no CRIU works on the container any more.
 */
export async function thaw(host: Host, id: string): Promise<void> {
  try {
    await bounded(`docker unpause on ${host.name}`, 15_000, host.docker.getContainer(id).unpause());
  } catch (error) {
    if (/is not paused/.test(messageOf(error))) return;
    await thawByRunc(host, id);
  }
}

async function thawByRunc(host: Host, id: string): Promise<void> {
  const script = `
    for try in $(seq 100); do
      grep -qsx criu /proc/[0-9]*/comm || break
      sleep 0.2
    done
    runc --root ${runcRoot} resume ${id}`;
  const result = await host.shell.run(script, { timeoutMs: 40_000 });
  if (result.exitCode === 0 || /not paused/.test(result.stderr)) return;
  throw new Error(`runc resume ${id.slice(0, 12)} on ${host.name}: ${result.stderr.trim()}`);
}

/**
 * Makes sure that the container does not run there and will not: Docker kills it (waiting for a start under way), and where dockerd
 * does not answer runc does. @throws when that is not certain, so that nobody lets the other copy go on
 */
export async function stopForGood(host: Host, id: string): Promise<void> {
  try {
    await bounded(`docker kill on ${host.name}`, 60_000, host.docker.getContainer(id).kill());
  } catch (error) {
    if (/is not running|no such container/i.test(messageOf(error))) return;
    await stopByRunc(host, id);
  }
}

async function stopByRunc(host: Host, id: string): Promise<void> {
  const script = `
    for try in $(seq 100); do
      runc --root ${runcRoot} kill ${id} KILL 2>/dev/null
      grep -qsx criu /proc/[0-9]*/comm ||
        case $(runc --root ${runcRoot} state ${id} 2>&1) in *'"running"'* | *'"paused"'* | *'"created"'*) ;; *) exit 0 ;; esac
      sleep 0.2
    done
    exit 1`;
  const result = await host.shell.run(script, { timeoutMs: 40_000 });
  if (result.exitCode !== 0)
    throw new Error(`container ${id.slice(0, 12)} on ${host.name} could not be killed: ${result.stderr.trim()}`);
}

/** Does the container make progress there? Docker is asked, and runc where dockerd does not answer. */
export async function isLive(host: Host, id: string): Promise<boolean> {
  try {
    const { State: state } = await bounded(`docker inspect on ${host.name}`, 10_000, host.docker.getContainer(id).inspect());
    return state.Running && !state.Paused && !state.Restarting;
  } catch {
    const state = await host.shell.run(`runc --root ${runcRoot} state ${id}`, { timeoutMs: 10_000 });
    return state.exitCode === 0 && JSON.parse(state.stdout).status === 'running';
  }
}
