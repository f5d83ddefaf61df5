import type { Host } from './host.ts';

/** Seen to do for 190 MB: criu/page-pipe.c makes pipes as large as it is let. */
export const lazyPipeBytes = 64 * 1024 * 1024;
/** capabilities(7). */
const capSysResource = 24n;

export interface PipeSize {
  /** Root there may make a pipe of any size. */
  readonly isFree: boolean;
  readonly maxBytes: number;
}

/** How large a pipe may be made on this host. */
export async function readPipeSize(host: Host): Promise<PipeSize> {
  const { stdout } = await host.shell.run("sed -n 's/^CapEff:\\t//p' /proc/self/status; cat /proc/sys/fs/pipe-max-size");
  const [capabilities = '0', bytes = '0'] = stdout.trim().split('\n');
  return { isFree: ((BigInt(`0x${capabilities}`) >> capSysResource) & 1n) === 1n, maxBytes: Number(bytes) };
}
