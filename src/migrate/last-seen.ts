import type { LastSeen } from '../evidence/manifest.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { bounded } from './bounded.ts';
import { runcRootOf } from './live-copy.ts';
import { checkpointFolder } from './whole/checkpoint-images.ts';

const limitMs = 15_000;

/** How the container stands on a host after all went wrong, as runc, Docker and the disk say it. Never throws: unknown is null. */
export async function lookFor(host: Host, id: string, checkpoint: string): Promise<LastSeen> {
  const seen = { host: host.name, id, status: null, checkpoint: null };
  try {
    const folder = await bounded(`docker info on ${host.name}`, limitMs, checkpointFolder(host, id, checkpoint)).catch(
      () => `/var/lib/docker/containers/${id}/checkpoints/${checkpoint}`,
    );
    // runc knows a container that lives, also when dockerd does not; of a dead one only Docker knows
    const script = `
      runc --root ${runcRootOf(id)} state ${id} 2>/dev/null | sed -n 's/^ *"status": "\\([a-z]*\\)".*/\\1/p' | grep -v stopped ||
        timeout 5 docker inspect -f '{{.State.Status}}' ${id} 2>/dev/null || echo
      [ ! -s ${quoteWord(folder)}/inventory.img ] || echo images`;
    const { stdout } = await host.shell.run(script, { timeoutMs: limitMs });
    const [status = '', images] = stdout.split('\n');
    return {
      ...seen,
      status: status === '' ? null : status,
      checkpoint: images === 'images' ? { name: checkpoint, folder } : null,
    };
  } catch {
    return seen;
  }
}
