import type { LastSeen, Manifest } from '../evidence/manifest.ts';
import { wayBack } from '../migrate/direct/way-back.ts';

interface Names {
  readonly name: string;
  readonly source: string;
  readonly destination: string;
}

/** The one line that everybody needs after a migration: where the container is now. It claims no more than is known. */
export function whereabouts(manifest: Manifest): string {
  const names = {
    name: manifest.container?.name ?? 'the container',
    source: manifest.hosts.source?.name ?? 'the source',
    destination: manifest.hosts.destination?.name ?? 'the destination',
  };
  const { name, source, destination } = names;
  if (manifest.outcome === 'migrated') return `${name} runs on ${destination}; ${holds(manifest, source)}`;
  if (manifest.outcome === 'rolled-back') return `${name} runs on ${source} (rolled back); ${holds(manifest, destination)}`;
  if (manifest.outcome === 'halves-kept') return halves(manifest, names);
  if (manifest.lastSeen === undefined) return frozen(manifest, names);
  const said = lost(manifest.lastSeen, manifest, names);
  const canRecover = ['paused', 'running', null].includes(manifest.lastSeen.source.status);
  return canRecover ? `${said}. Or, once both hosts can be reached: transship recover ${manifest.run}` : said;
}

function holds({ remains = [] }: Manifest, host: string): string {
  const left = remains.filter((remnant) => remnant.host === host).map(({ what }) => what);
  return left.length === 0 ? `${host} holds nothing of it` : `${host} still has ${left.join(', ')}`;
}

function frozen(manifest: Manifest, { name, source, destination }: Names): string {
  const id = manifest.container?.sourceId ?? 'ID';
  const byRunc =
    manifest.stage === undefined
      ? `, or, when dockerd is gone or knows of no pause: runc --root /run/docker/runtime-runc/moby resume ${id}`
      : '';
  return `${name} runs nowhere for certain: its state lies frozen on ${source}. See that ${destination} does not run it (docker ps), then on ${source}: ${letGoOn(manifest, id)}${byRunc}`;
}

/** What is to be typed to let the frozen source go on, its link first. */
function letGoOn({ stage, linkUp = '' }: Manifest, id: string): string {
  if (stage !== undefined) return wayBack(stage);
  return `${linkUp === '' ? '' : `${linkUp}; `}docker unpause ${short(id)}`;
}

/** Nothing was removed. What is to be typed depends on how the container stands there. */
function lost({ source, destination }: NonNullable<Manifest['lastSeen']>, manifest: Manifest, names: Names): string {
  const { name } = names;
  const there = destination?.status === 'running' ? destination : null;
  if (there !== null && source.status !== 'running') {
    return (
      `${name} was last seen running on ${there.host}, which could not be stopped, and ${source.status ?? 'unknown'} on ${source.host}. ` +
      `Keep one of them: docker rm -f ${short(source.id)} on ${source.host}, or docker rm -f ${short(there.id)} on ${there.host}` +
      (source.status === 'paused' ? `, then on ${source.host}: ${letGoOn(manifest, source.id)}` : '')
    );
  }
  if (source.status === 'paused') return frozen(manifest, names);
  if (source.status === 'running')
    return `${name} was last seen running on ${source.host}; see that ${names.destination} does not run it, too: docker ps`;
  if (source.status === null) {
    return (
      `${name} runs nowhere for certain, and ${source.host} could not be asked. Nothing of it was removed. See that ${names.destination} does not run it, ` +
      `then on ${source.host}: ${unseen(manifest, source.id)}`
    );
  }
  const kept = [source, destination].find((seen) => seen !== null && seen.checkpoint !== null);
  return kept ? fromCheckpoint(name, source, kept) : gone(name, source);
}

/** Docker knows nothing of a freeze behind its back, and of no checkpoint then. */
function unseen(manifest: Manifest, id: string): string {
  if (manifest.stage !== undefined) return `${letGoOn(manifest, id)} (right also where it was not frozen)`;
  return `docker ps -a; paused: ${letGoOn(manifest, id)}; exited: docker checkpoint ls ${short(id)}`;
}

function fromCheckpoint(name: string, source: LastSeen, kept: LastSeen): string {
  const { name: checkpoint, folder } = kept.checkpoint ?? { name: 'NAME', folder: '' };
  return (
    `${name} runs nowhere: it is ${source.status} on ${source.host}, and its memory is checkpoint ${checkpoint} on ${kept.host} (${folder}). ` +
    `On ${kept.host}: docker start --checkpoint ${checkpoint} ${short(kept.id)}`
  );
}

function gone(name: string, { host, status, id }: LastSeen): string {
  return (
    `${name} runs nowhere: it is ${status} on ${host}, and no checkpoint of it was found, so its memory is lost. ` +
    `Its files are there; begun anew, on ${host}: docker start ${short(id)}`
  );
}

/** The newest state lies on two hosts, and only the user can say which of two losses is the smaller. */
function halves(manifest: Manifest, { name, source, destination }: Names): string {
  const where = `${name} runs nowhere: its newest state lies on two hosts, held on ${destination}, frozen on ${source} as it was at the dump`;
  const back = `go back to the freeze, which un-happens what was answered since (transship recover ${manifest.run} --go-back)`;
  if (manifest.isMemoryLost) return `${where}. What has not come can come no more, so one way remains: ${back}`;
  return `${where}. Two ways remain: mend the link and go on, once the rest has come (transship recover ${manifest.run} --go-on), or ${back}`;
}

function short(id: string): string {
  return id.slice(0, 12);
}
