import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { type Act, allOrNothing } from './all-or-nothing.ts';
import { backUp, type Daemon, putBack, unregister } from './config-file.ts';
import { addRuntime } from './daemon-json.ts';
import { type DaemonInfo, daemonInfo, reloadUntil } from './dockerd.ts';
import { hostFile } from './host-files.ts';
import { type HostState, readHostState, staleScripts } from './host-state.ts';
import { change, forgetOlder, putOlderBack, replaceFile, writeProgram } from './host-write.ts';
import {
  afterFile,
  beforeFile,
  calledPrograms,
  callsFolder,
  madeFolderFile,
  type RuntimeFile,
  runtimeFolder,
} from './runtime-place.ts';

/** All that an installation would touch on the host. */
export interface InstallPlan extends Daemon {
  /** Those that are missing there, or of another version. */
  readonly scripts: readonly RuntimeFile[];
  readonly hasFolder: boolean;
  /** Is there a folder for the daemon's file? */
  readonly hasConfigFolder: boolean;
  /** The daemon's file; null: there is none yet. `after` is the same text where nothing has to be changed. */
  readonly before: string | null;
  readonly after: string;
  readonly isReload: boolean;
}

/**
 * Looks, and touches nothing.
 * @throws TransshipError `not-ready`: why it cannot be installed there
 */
export async function planInstall(host: Host): Promise<InstallPlan> {
  const [state, info] = await Promise.all([readHostState(host), daemonInfo(host)]);
  const daemonPid = checkHost(host, state, info);
  const after = addRuntime(state.config, `${host.name}:${state.configFile}`);
  const { configFile, config: before, hasFolder, hasConfigFolder } = state;
  const scripts = staleScripts(state);
  return { daemonPid, configFile, before, after, hasFolder, hasConfigFolder, scripts, isReload: !info.isRegistered };
}

/** True when there is nothing to do. */
export function isInPlace({ scripts, before, after, isReload }: InstallPlan): boolean {
  return scripts.length === 0 && before === after && !isReload;
}

/**
 * Puts our runtime on the host, for containers that name it. Again: what is missing or older is renewed. What fails half way is put back.
 * @throws TransshipError `not-ready`, or `interrupted`
 */
export async function installRuntime(host: Host, signal?: AbortSignal): Promise<InstallPlan> {
  const plan = await planInstall(host);
  await applyInstall(host, plan, signal);
  return plan;
}

/** What was shown to the user is what is done: a file that changed since then is an error. */
export async function applyInstall(host: Host, plan: InstallPlan, signal?: AbortSignal): Promise<void> {
  const acts = [
    ...(plan.scripts.length > 0 ? [writeScripts(host, plan)] : []),
    ...(plan.before === plan.after ? [] : [writeConfig(host, plan)]),
    ...(plan.isReload ? [register(host, plan)] : []),
  ];
  await allOrNothing(acts, signal);
  await forgetOlder(host, filesOf(plan));
}

function checkHost(host: Host, state: HostState, info: DaemonInfo): string {
  const refuse = (what: string, hint: string) => new TransshipError('not-ready', `${host.name}: ${what}`, hint);
  if (info.isRootless) throw refuse('the daemon is rootless, and CRIU needs root', 'use the machine-wide daemon');
  if (state.daemonPid === null) throw refuse('no process of dockerd was found', 'is it in a container of its own? Install there');
  if (state.runc === null) throw refuse("no runc in dockerd's PATH", 'install runc, or put it where that PATH leads');
  if (state.hasRuntimeFlag) {
    const hint = `move it into ${state.configFile} ("runtimes") and restart dockerd: it takes one or the other`;
    throw refuse('dockerd was started with --add-runtime', hint);
  }
  return state.daemonPid;
}

function filesOf({ scripts }: InstallPlan): readonly string[] {
  return scripts.map((name) => `${runtimeFolder}/${name}`);
}

function writeScripts(host: Host, plan: InstallPlan): Act {
  return {
    do: async () => {
      await change(host, `mkdir -p ${runtimeFolder} && chmod 755 ${runtimeFolder}`);
      for (const name of plan.scripts) await writeProgram(host, `${runtimeFolder}/${name}`, hostFile(name));
      await change(
        host,
        `mkdir -p ${callsFolder}\n${calledPrograms.map((name) => `ln -sfn ../call ${callsFolder}/${name}`).join('\n')}`,
      );
    },
    undo: async () => {
      for (const file of filesOf(plan)) await putOlderBack(host, file);
      if (!plan.hasFolder) await change(host, `rm -f ${callsFolder}/*; rmdir ${callsFolder} ${runtimeFolder}`);
    },
  };
}

function writeConfig(host: Host, { configFile, before, after }: InstallPlan): Act {
  return {
    do: async () => {
      await backUp(host, configFile, after);
      await replaceFile(host, { file: configFile, from: before, to: after });
    },
    undo: async () => {
      const isWritten = (await readHostState(host)).config === after; // else somebody else's edit stays
      if (isWritten) await putBack(host, configFile);
      await change(host, `rm -f ${beforeFile} ${afterFile} ${madeFolderFile}`);
    },
  };
}

function register(host: Host, plan: InstallPlan): Act {
  return {
    do: () => reloadUntil(host, plan.daemonPid, true),
    undo: async () => {
      if (!(await daemonInfo(host)).isRegistered) return;
      const empty = await unregister(host, plan, plan.after);
      await replaceFile(host, { file: plan.configFile, from: empty, to: plan.after });
    },
  };
}
