import { relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';
import type { Host } from '../src/hosts/host.ts';

/** Puts this Node and the built command on a test host, as `/usr/local/bin/transship`. */
export async function installOnHost(host: Host): Promise<void> {
  const root = packageRoot();
  const { stdout } = await execa('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, reject: false });
  const modules = stdout
    .split('\n')
    .map((path) => relative(root, path))
    .filter((path) => path.startsWith('node_modules/'));
  const packing = execa(
    'tar',
    ['-cf', '-', '--ignore-failed-read', 'package.json', 'dist/src', 'dist/vm', ...modules, '-C', '/', process.execPath.slice(1)],
    {
      cwd: root,
      buffer: false,
    },
  );
  const unpacking = host.spawn('mkdir -p /opt/transship && tar -C /opt/transship -xf -');
  await pipeline(packing.stdout, unpacking.stdin);
  const { exitCode, stderr } = await unpacking.ended;
  if (exitCode !== 0) throw new Error(`${host.name}: ${stderr}`);
  const command = `exec /opt/transship${process.execPath} /opt/transship/dist/src/cli/main.js "$@"`;
  await host.shell.run(`printf '#!/bin/sh\\n%s\\n' '${command}' >/usr/local/bin/transship; chmod 755 /usr/local/bin/transship`);
}
