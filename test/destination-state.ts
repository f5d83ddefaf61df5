import type { Host } from '../src/hosts/host.ts';

/** All that Docker has on a host, as text: equal before and after, or something was left behind. */
export async function dockerState(host: Host): Promise<string> {
  const lists = [
    'docker ps -a --no-trunc --format "{{.ID}} {{.Names}} {{.Image}}" | sort',
    'docker images -a --no-trunc --format "{{.ID}} {{.Repository}}:{{.Tag}}" | sort',
    'docker network ls --no-trunc --format "{{.ID}} {{.Name}} {{.Driver}}" | sort',
    'docker volume ls --format "{{.Name}} {{.Driver}}" | sort',
    'ls -A /run/transship 2>/dev/null; ls -A /srv; true',
  ];
  const { stdout } = await host.shell.run(lists.join('; echo ---; '));
  return stdout;
}

/** Runs shell text on the host as a test's own preparation: a status other than 0 ends the test. */
export async function onHost(host: Host, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.shell.run(command, { timeoutMs: 120_000 });
  if (exitCode !== 0) throw new Error(`${host.name}: ${command}: ${stderr}`);
  return stdout.trim();
}
