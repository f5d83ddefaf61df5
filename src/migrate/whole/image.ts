import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import type { ImageInspectInfo, Inspect } from '../equal/inspect.ts';
import { missing } from '../equal/missing.ts';
import type { Route } from './route.ts';
import { sendStream } from './stream.ts';

/** What is to be done for the image; plain data, so that it can stand in the journal. */
export interface ImagePlan {
  /** `sha256:…`; the same on both hosts, as save and load keep it. */
  readonly id: string;
  /** To be sent, since the destination has no image of that id. */
  readonly isMissing: boolean;
  readonly sizeBytes: number;
  /** The name to be set on the destination; null: it is there, or must not be touched. */
  readonly tag: string | null;
  /** What the destination's container is created from: the same name as on the source, where that names the same image. */
  readonly reference: string;
  /** Why the name cannot be the same; null when it is. */
  readonly unequal: string | null;
}

/** Reads only. @throws TransshipError `not-ready` when the source no longer has the container's image. */
export async function planImage(pair: { source: Host; destination: Host }, inspect: Inspect): Promise<ImagePlan> {
  const id = inspect.Image;
  const name = inspect.Config.Image;
  const image = await findImage(pair.source, id);
  if (image === null) {
    throw new TransshipError(
      'not-ready',
      `${pair.source.name}: image ${id} of ${inspect.Name.slice(1)} is no longer there`,
      'commit the container to a new image, and run it from that',
    );
  }
  const isMissing = (await findImage(pair.destination, id)) === null;
  const base = { id, isMissing, sizeBytes: image.Size, tag: null, reference: name, unequal: null };
  if (isId(name, id)) return base;
  const named = await findImage(pair.destination, name);
  if (named?.Id === id) return base;
  if (named !== null) {
    return {
      ...base,
      reference: id,
      unequal: `image name: ${name} is another image on ${pair.destination.name}, so the id is used`,
    };
  }
  if (name.includes('@'))
    return { ...base, reference: id, unequal: `image name: a digest (${name}) does not survive save and load` };
  return { ...base, tag: name };
}

/**
 * Sends the image if the destination lacks it, and gives it the name the container was made from. By id, not by name:
 * `docker load` would take the name away from an image of the destination.
 * @returns bytes sent; 0 when the image was there
 */
export async function moveImage(route: Route, plan: ImagePlan, onBytes: (bytes: number) => void = () => {}): Promise<number> {
  const move = { what: `image ${plan.reference}`, produce: `docker save ${plan.id}`, consume: 'docker load -q', onBytes };
  const bytes = plan.isMissing ? ((await sendStream(route, move)).bytes ?? 0) : 0;
  if ((await findImage(route.destination, plan.id)) === null) {
    throw new TransshipError(
      'failed',
      `${route.destination.name}: image ${plan.id} was loaded, but came out with another id`,
      'both hosts must use the same image store: set "containerd-snapshotter" in daemon.json alike',
    );
  }
  if (plan.tag !== null) {
    const { repo, tag } = splitName(plan.tag);
    await route.destination.docker.getImage(plan.id).tag({ repo, tag });
  }
  return bytes;
}

/** Removes what `moveImage` brought. A name given to an image that had none before stays: taking it would remove the image. */
export async function undoImage(destination: Host, plan: ImagePlan): Promise<void> {
  const image = await findImage(destination, plan.id);
  if (image === null) return;
  const others = (image.RepoTags ?? []).filter((tag) => tag !== plan.tag);
  if (plan.tag !== null && (plan.isMissing || others.length > 0)) {
    await destination.docker.getImage(plan.tag).remove().catch(missing);
  }
  if (plan.isMissing && others.length === 0) await destination.docker.getImage(plan.id).remove().catch(missing);
}

/** `localhost:5000/a/b:c` → repo and tag; a port's colon is not a tag's. */
function splitName(name: string): { readonly repo: string; readonly tag: string } {
  const colon = name.lastIndexOf(':');
  if (colon <= name.lastIndexOf('/')) return { repo: name, tag: 'latest' };
  return { repo: name.slice(0, colon), tag: name.slice(colon + 1) };
}

function isId(name: string, id: string): boolean {
  return id === name || (/^[0-9a-f]{12,64}$/.test(name) && id.startsWith(`sha256:${name}`));
}

async function findImage(host: Host, name: string): Promise<ImageInspectInfo | null> {
  return (await host.docker.getImage(name).inspect().catch(missing)) ?? null;
}
