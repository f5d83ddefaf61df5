import type Dockerode from 'dockerode';
import type { CheckpointOptions, Host } from './host.ts';

/** dockerode passes these calls on, its types know none of them (Docker Engine API, experimental: `/containers/{id}/checkpoints`). */
interface CheckpointCalls {
  createCheckpoint(options: { readonly checkpointID: string; readonly exit: boolean }): Promise<unknown>;
  deleteCheckpoint(name: string): Promise<unknown>;
  start(options: { readonly _query: { readonly checkpoint: string }; readonly _body: object }): Promise<unknown>;
}

function callsOf(host: Host, id: string): CheckpointCalls {
  return host.docker.getContainer(id) as Dockerode.Container & CheckpointCalls;
}

/** Resolves when dockerd has the images in its own folder. */
export async function createCheckpoint(host: Host, id: string, { checkpointId, exit }: CheckpointOptions): Promise<void> {
  await callsOf(host, id).createCheckpoint({ checkpointID: checkpointId, exit });
}

export async function deleteCheckpoint(host: Host, id: string, name: string): Promise<void> {
  await callsOf(host, id).deleteCheckpoint(name);
}

export async function startFromCheckpoint(host: Host, id: string, name: string): Promise<void> {
  // dockerode would put the options into the body as well, which Docker refuses since API 1.24
  await callsOf(host, id).start({ _query: { checkpoint: name }, _body: {} });
}
