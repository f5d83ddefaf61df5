import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { type Act, allOrNothing } from './all-or-nothing.ts';
import { type Daemon, putBack, unregister } from './config-file.ts';
import { dropRuntime, emptyRuntime, hasRuntime } from './daemon-json.ts';
import { type DaemonInfo, daemonInfo, reloadUntil } from './dockerd.ts';
import { type HostState, readHostState } from './host-state.ts';
import { change, replaceFile } from './host-write.ts';
import { type NamedContainer, namedContainers } from './named-containers.ts';
import {
  afterFile,
  beforeFile,
  calledPrograms,
  callsFolder,
  madeFolderFile,
  runtimeFiles,
  runtimeFolder,
  runtimeName,
} from './runtime-place.ts';

export interface Removal {
  /** False: nothing of ours was there. */
  readonly wasInstalled: boolean;
  readonly configFile: string;
  /** What became of the daemon's file: as before byte by byte, gone as before, or only our key taken out of what others have written since. */
  readonly config: 'untouched' | 'restored' | 'removed' | 'key-taken-out';
}

/**
 * Takes our runtime off the host; afterwards it is as before. What fails half way is put back.
 * @throws TransshipError `not-ready` while a container names it
 */
export async function removeRuntime(host: Host, signal?: AbortSignal): Promise<Removal> {
  const [state, info] = await Promise.all([readHostState(host), daemonInfo(host)]);
  const place = `${host.name}:${state.configFile}`;
  const isNamed = hasRuntime(state.config, place);
  const { configFile } = state;
  if (!isNamed && !info.isRegistered && !state.hasFolder) return { wasInstalled: false, configFile, config: 'untouched' };
  await refuseWhileNamed(host, info);
  const acts = [
    ...(info.isRegistered ? [takeFromDaemon(host, state, info)] : []),
    ...(isNamed || info.isRegistered ? [takeFromConfig(host, state)] : []),
    { do: () => removeFolder(host), undo: async () => {} },
  ];
  await allOrNothing(acts, signal);
  return { wasInstalled: true, configFile, config: isNamed ? fateOf(state) : 'untouched' };
}

async function refuseWhileNamed(host: Host, info: DaemonInfo): Promise<void> {
  if (info.isDefault) {
    const hint = 'take "default-runtime" out of its configuration and restart it';
    throw new TransshipError('not-ready', `${host.name}: '${runtimeName}' is dockerd's default runtime`, hint);
  }
  const containers = await namedContainers(host, info.rootFolder);
  if (containers.length === 0) return;
  const what = `${containers.length} container${containers.length === 1 ? '' : 's'} would not start again without the runtime`;
  const hint = `docker rm ${containers.length === 1 ? 'it' : 'them'} first, or keep the runtime: it costs nothing while nobody moves`;
  throw new TransshipError('not-ready', `${host.name}: ${what}: ${containers.map(wordsOf).join(', ')}`, hint);
}

function wordsOf({ name, id, state }: NamedContainer): string {
  return `${name} (${id.slice(0, 12)}, ${state})`;
}

function daemonOf(host: Host, { daemonPid, configFile }: HostState): Daemon {
  if (daemonPid !== null) return { daemonPid, configFile };
  throw new TransshipError('not-ready', `${host.name}: no process of dockerd was found`, 'is it in a container of its own?');
}

/** From here on no container can be made with it; one that was made since we looked is found now. */
function takeFromDaemon(host: Host, state: HostState, info: DaemonInfo): Act {
  const daemon = daemonOf(host, state);
  return {
    do: async () => {
      await unregister(host, daemon, state.config);
      await refuseWhileNamed(host, info);
    },
    undo: async () => {
      await takeBack(host, state);
      if (hasRuntime(state.config, host.name)) await reloadUntil(host, daemon.daemonPid, true);
    },
  };
}

function takeFromConfig(host: Host, state: HostState): Act {
  const { configFile, config } = state;
  return {
    do: async () => {
      const now = await ownText(host, state);
      const fate = fateOf(state);
      if (fate === 'restored' || fate === 'removed') return putBack(host, configFile);
      if (config === null) return change(host, `rm -f ${quoteWord(configFile)}`);
      await replaceFile(host, { file: configFile, from: now, to: dropRuntime(config, `${host.name}:${configFile}`) });
    },
    undo: () => takeBack(host, state),
  };
}

/** The daemon's file as we found it or made it. */
async function ownText(host: Host, { configFile, config }: HostState): Promise<string | null> {
  const now = (await readHostState(host)).config;
  if (now === config || now === emptyRuntime(config, host.name)) return now;
  throw new TransshipError(
    'not-ready',
    `${host.name}:${configFile}: somebody else changed it just now`,
    'the same command again',
  );
}

async function takeBack(host: Host, { configFile, config }: HostState): Promise<void> {
  const now = (await readHostState(host)).config;
  if (now === config) return;
  if (config === null) await change(host, `rm -f ${quoteWord(configFile)}`);
  else await replaceFile(host, { file: configFile, from: now, to: config });
}

function fateOf({ config, before, after }: HostState): Removal['config'] {
  if (config === null) return 'untouched';
  if (config !== after) return 'key-taken-out';
  return before === null ? 'removed' : 'restored';
}

/** Only what is ours: a file that somebody else put there stays, and the folder with it. */
async function removeFolder(host: Host): Promise<void> {
  const calls = calledPrograms.map((name) => `${callsFolder}/${name}`);
  const files = [...calls, ...runtimeFiles.map((name) => `${runtimeFolder}/${name}`), beforeFile, afterFile, madeFolderFile];
  await change(host, `rm -f ${files.join(' ')}\nrmdir ${callsFolder} ${runtimeFolder} 2>/dev/null || true`);
}
