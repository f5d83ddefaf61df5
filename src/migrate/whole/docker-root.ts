import type { Host } from '../../hosts/host.ts';

const known = new WeakMap<Host, Promise<string>>();

/**
 * `DockerRootDir` of `docker info`, mostly `/var/lib/docker`. Asked once a host, when a move begins: it is needed between freeze and
 * resume, and after dockerd has died. No answer is no knowledge: the next who needs it asks again.
 */
export function dockerRootFolder(host: Host): Promise<string> {
  const before = known.get(host);
  if (before !== undefined) return before;
  const asked = host.docker.info().then((info: { DockerRootDir: string }) => info.DockerRootDir);
  known.set(host, asked);
  asked.catch(() => known.delete(host));
  return asked;
}
