import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostVersions } from './testbed-state.ts';

/** Upstream's versions of what matters in a root tree, as its dpkg has them: `26.1.5+dfsg1-9` is 26.1.5. */
export function treeVersions(tree: string): Omit<HostVersions, 'kernel'> {
  const status = readFileSync(join(tree, 'var/lib/dpkg/status'), 'utf8');
  const versions = new Map(
    status.split('\n\n').map((entry) => [/^Package: (.*)$/m.exec(entry)?.[1], /^Version: (?:\d+:)?(\d[\d.]*)/m.exec(entry)?.[1]]),
  );
  const version = (name: string): string => versions.get(name) ?? 'unknown';
  return { criu: version('criu'), docker: version('docker.io'), containerd: version('containerd'), runc: version('runc') };
}
