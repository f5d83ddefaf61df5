import type { Host } from './host.ts';

/**
 * What runc hands to CRIU: `/etc/criu/runc.conf`, one option a line, its value after a blank or `=`, `#` begins a comment
 * (criu(8), CONFIGURATION FILES). Empty when there is no file.
 */
export async function readRuncConf(host: Host): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await host.shell.run('cat /etc/criu/runc.conf 2>/dev/null');
  return parseRuncConf(stdout);
}

export function parseRuncConf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return new Map(
    lines.flatMap((line) => {
      const match = /^(?:--)?([a-z][a-z0-9-]*)(?:\s*[=\s]\s*(.*))?$/.exec(line);
      return match === null ? [] : [[match[1] ?? '', (match[2] ?? '').replace(/^"(.*)"$/, '$1')] as const];
    }),
  );
}
