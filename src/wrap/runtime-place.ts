import type { HostFile } from './host-files.ts';

/** What `docker run --runtime` is given. */
export const runtimeName = 'transship';

/** On the host; it outlives a boot, since a container names its runtime as long as it lives. */
export const runtimeFolder = '/usr/local/lib/transship';
export const runtimePath = `${runtimeFolder}/runtime`;

/** In the order in which they are written: `runtime` calls the others. */
export const runtimeFiles = [
  'links',
  'mark',
  'restore-watch',
  'restore',
  'call',
  'runtime',
] as const satisfies readonly HostFile[];
export type RuntimeFile = (typeof runtimeFiles)[number];

/** Names in a PATH that lead to `call`, which notes calls of a traced move. Not the shim: containerd keeps where it found that one. */
export const callsFolder = `${runtimeFolder}/calls`;
export const calledPrograms = ['runc', 'criu'] as const;

/** Beside the scripts: the daemon's file as it was (if there was one), as it was written, and a mark that its folder is ours, too. */
export const beforeFile = `${runtimeFolder}/daemon.json.before`;
export const afterFile = `${runtimeFolder}/daemon.json.after`;
export const madeFolderFile = `${runtimeFolder}/made-config-folder`;
