import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';

/**
 * Probes of this machine's kernel that a host had placed (src/uprobes/host/uprobes.sh): whoever would have taken them away has ended with the host.
 * Those of hosts that live are held by them, and stay. A machine without tracefs has none.
 */
export async function sweepProbes(): Promise<void> {
  const script = ['src/wrap/host/tracefs.sh', 'src/uprobes/host/uprobes.sh']
    .map((file) => readFileSync(join(packageRoot(), file), 'utf8'))
    .join('');
  const command = ['--mount', '--propagation', 'private', 'bash', '-c', script, 'uprobes', 'sweep'];
  await execa('unshare', command, { reject: false, timeout: 60_000, stdin: 'ignore' });
}
