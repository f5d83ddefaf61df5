import type { Manifest } from '../evidence/manifest.ts';

/** The one line that everybody needs after a migration: where the container is now. */
export function whereabouts(manifest: Manifest): string {
  const name = manifest.container?.name ?? 'the container';
  const source = manifest.hosts.source?.name ?? 'the source';
  const destination = manifest.hosts.destination?.name ?? 'the destination';
  const id = manifest.container?.sourceId?.slice(0, 12) ?? 'ID';
  if (manifest.outcome === 'migrated') return `${name} runs on ${destination}; ${source} holds nothing of it`;
  if (manifest.outcome === 'rolled-back') return `${name} runs on ${source} (rolled back); ${destination} holds nothing of it`;
  return (
    `${name} runs nowhere for certain: its state lies frozen on ${source}. See that ${destination} does not run it (docker ps), ` +
    `then on ${source}: docker unpause ${id}, or, when dockerd is gone: runc --root /run/docker/runtime-runc/moby resume ${manifest.container?.sourceId ?? 'ID'}`
  );
}
