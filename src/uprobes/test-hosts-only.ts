import { TransshipError } from '../error.ts';

/** A probe that goes wrong ends a daemon, and a runc that dies in the wrong moment has emptied a container's root: nothing for a host that matters. */
export function refuseForeignHost(endpoint: string): void {
  if (endpoint.startsWith('test:')) return;
  throw new TransshipError(
    'not-ready',
    `${endpoint}: --probes uprobe is for test hosts alone (test:a), and nothing was touched`,
    'transship testbed up makes two; on other hosts transship source install shows the same',
  );
}
