import type { Manifest } from '../evidence/manifest.ts';

/** The one line that everybody needs after a migration: where the container is now. */
export function whereabouts(manifest: Manifest): string {
  const name = manifest.container?.name ?? 'the container';
  const source = manifest.hosts.source?.name ?? 'the source';
  const destination = manifest.hosts.destination?.name ?? 'the destination';
  const id = manifest.container?.sourceId?.slice(0, 12) ?? 'ID';
  if (manifest.outcome === 'migrated') return `${name} runs on ${destination}; ${source} holds nothing of it`;
  if (manifest.outcome === 'rolled-back') return `${name} runs on ${source} (rolled back); ${destination} holds nothing of it`;
  if (manifest.outcome === 'halves-kept') return halves(manifest, { name, source, destination });
  return (
    `${name} runs nowhere for certain: its state lies frozen on ${source}. See that ${destination} does not run it (docker ps), ` +
    `then on ${source}: docker unpause ${id}, or, when dockerd is gone: runc --root /run/docker/runtime-runc/moby resume ${manifest.container?.sourceId ?? 'ID'}`
  );
}

/** The newest state lies on two hosts, and only the user can say which of two losses is the smaller. */
function halves(manifest: Manifest, { name, source, destination }: Record<'name' | 'source' | 'destination', string>): string {
  const [from, to] = [
    manifest.container?.sourceId?.slice(0, 12) ?? 'ID',
    manifest.container?.destinationId?.slice(0, 12) ?? name,
  ];
  return (
    `${name} runs nowhere: its newest state lies on two hosts, paused on ${destination}, frozen on ${source} as it was at the dump. Two ways remain: ` +
    `mend the link and go on (on ${destination}: docker unpause ${to}; a page that has not come ends the process that touches it), or go back to the freeze, ` +
    `which un-happens what was answered since (on ${destination}: docker rm -f ${to}; on ${source}: runc --root /run/docker/runtime-runc/moby resume ${manifest.container?.sourceId ?? from})`
  );
}
