import type { Host } from '../../hosts/host.ts';

const known = new WeakMap<Host, Promise<string>>();

/** `DockerRootDir` of `docker info`, mostly `/var/lib/docker`. Asked once a host: it is needed between freeze and resume. */
export function dockerRootFolder(host: Host): Promise<string> {
  const asked = known.get(host) ?? host.docker.info().then((info: { DockerRootDir: string }) => info.DockerRootDir);
  known.set(host, asked);
  // a dockerd that did not answer is asked again
  asked.catch(() => known.delete(host));
  return asked;
}
