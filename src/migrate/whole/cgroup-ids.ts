import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';

export interface CgroupIds {
  /** The folder with `cgroup.img`. */
  readonly images: string;
  readonly sourceId: string;
  readonly destinationId: string;
}

const id = /^[0-9a-f]{64}$/;

/**
 * Puts the destination's container id into CRIU's `cgroup.img`: runc restores into the cgroup that was dumped, and Docker looks for
 * the container in its own. Both ids have 64 characters, so the lengths in the message stay right; no other byte is touched.
 * @returns how often the id stood there; 0 is fine (a container in the root cgroup, say)
 * @throws TransshipError `failed` when the image isn't there or did not come out as it should.
 */
export async function rewriteCgroupIds(host: Host, ids: CgroupIds): Promise<number> {
  if (!id.test(ids.sourceId) || !id.test(ids.destinationId)) {
    throw new TransshipError(
      'usage',
      `not a container id of 64 hex digits: ${ids.sourceId} or ${ids.destinationId}`,
      'give full ids',
    );
  }
  const file = quoteWord(`${ids.images}/cgroup.img`);
  const count = (what: string) => `$(grep -ao ${what} ${file} | wc -l)`;
  const done = await host.shell.run(`LC_ALL=C; export LC_ALL; [ -f ${file} ] || { echo "no cgroup.img" >&2; exit 3; }
before=${count(ids.sourceId)}; own=${count(ids.destinationId)}; size=$(stat -c %s ${file})
sed -i 's/${ids.sourceId}/${ids.destinationId}/g' ${file} || exit 4
[ "$(stat -c %s ${file})" = "$size" ] && [ ${count(ids.sourceId)} = 0 ] && [ ${count(ids.destinationId)} = $((before + own)) ] || exit 5
echo "$before"`);
  if (done.exitCode === 0) return Number(done.stdout.trim());
  throw new TransshipError(
    'failed',
    `${host.name}: the container id in cgroup.img could not be rewritten (status ${done.exitCode}): ${done.stderr.trim() || 'other bytes than the id changed'}`,
    'the checkpoint may be damaged or of a CRIU that writes no cgroup.img; the container still runs on the source',
  );
}
