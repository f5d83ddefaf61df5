import type { Host } from '../hosts/host.ts';
import { hasRuntime } from './daemon-json.ts';
import { daemonInfo } from './dockerd.ts';
import { type HostState, readHostState, staleScripts } from './host-state.ts';
import { type NamedContainer, namedContainers } from './named-containers.ts';
import { runtimeFiles } from './runtime-place.ts';

export interface RuntimeStatus {
  readonly host: string;
  /** A container can be made with it now, and after dockerd's next start. */
  readonly isInstalled: boolean;
  /** The scripts there are those of this version of transship. */
  readonly isCurrent: boolean;
  /** The running dockerd knows it. */
  readonly isRegistered: boolean;
  /** The daemon's file names it. */
  readonly isConfigured: boolean;
  readonly hasScripts: boolean;
  readonly configFile: string;
  /** What our runtime executes; null where dockerd's PATH has none. */
  readonly runc: HostState['runc'];
  /** Those that name it, running or not. */
  readonly containers: readonly NamedContainer[];
}

/** How far our runtime is on a host. Touches nothing. */
export async function runtimeStatus(host: Host): Promise<RuntimeStatus> {
  const [state, { isRegistered, rootFolder }] = await Promise.all([readHostState(host), daemonInfo(host)]);
  const hasScripts = runtimeFiles.every((name) => state.scripts[name] !== null);
  const isConfigured = hasRuntime(state.config, `${host.name}:${state.configFile}`);
  return {
    host: host.name,
    isInstalled: hasScripts && isConfigured && isRegistered,
    isCurrent: staleScripts(state).length === 0,
    isRegistered,
    isConfigured,
    hasScripts,
    configFile: state.configFile,
    runc: state.runc,
    containers: await namedContainers(host, rootFolder),
  };
}
