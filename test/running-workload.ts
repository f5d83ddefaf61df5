import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Host } from '../src/hosts/host.ts';
import { installRuntime } from '../src/wrap/install.ts';
import { workloadImage } from '../vm/workload-image.ts';
import { onHost } from './destination-state.ts';
import type { TwoHosts } from './two-hosts.ts';

export const workloadName = 'web';

/** The workload's image, on all of these hosts at once. @returns its name */
export async function bringWorkload(hosts: readonly Host[]): Promise<string> {
  const { file, reference } = await workloadImage();
  await Promise.all(hosts.map(async (host) => text(await host.docker.loadImage(createReadStream(file)))));
  return reference;
}

/** Our runtime and the workload's image on both hosts. @returns the image's name */
export async function prepareHosts({ a, b }: TwoHosts): Promise<string> {
  for (const host of [a, b]) await installRuntime(host);
  return await bringWorkload([a, b]);
}

/** A Redis that ticks, with so many keys of half a kilobyte. */
export async function startWorkload(host: Host, image: string, keys: number): Promise<void> {
  const run = `docker run -d --name ${workloadName} -e TICKER=1 ${image} --enable-debug-command yes`;
  const isUp = `docker exec ${workloadName} redis-cli ping 2>/dev/null`;
  const wait = `for i in $(seq 100); do ${isUp} && exit 0; sleep 0.1; done; exit 1`;
  await onHost(host, `${run} && (${wait}) && docker exec ${workloadName} redis-cli DEBUG POPULATE ${keys} key 500`);
}

export async function removeWorkload({ a, b }: TwoHosts): Promise<void> {
  for (const host of [a, b]) await host.shell.run(`docker rm -fv ${workloadName}`, { timeoutMs: 60_000 });
}
