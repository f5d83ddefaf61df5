import { basename } from 'node:path';
import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import { connectHost } from '../hosts/connect.ts';
import type { Host } from '../hosts/host.ts';
import { putBack, replaceProgram } from '../hosts/replaced-program.ts';
import { terminalOf } from './terminal.ts';

export const testbedSync: Command = new Command('sync')
  .summary("put a criu, runc, containerd or dockerd that you built in the place of a test host's own")
  .argument('<name>', 'a or b')
  .argument('<path...>', 'the programs, each named as what it is; with --back their names do')
  .option('--back', "give the host's own back")
  .addHelpText('after', '\nExample:\n  transship testbed sync a ./criu/criu/criu && transship testbed sync a criu --back')
  .action(runSync);

async function runSync(
  name: string,
  paths: readonly string[],
  options: { readonly back?: boolean },
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command);
  await using host = await connectHost(`test:${name.replace(/^test:/, '')}`);
  let mustRestart = false;
  for (const path of paths) {
    if (options.back) {
      const { program, after, isOfDaemon } = await putBack(host, basename(path));
      terminal.say(`${host.name}: ${program} is its own again: ${after}`);
      mustRestart ||= isOfDaemon;
      continue;
    }
    const { program, before, after, isOfDaemon } = await replaceProgram(host, path);
    terminal.say(`${host.name}: ${program} was ${before}, is ${after}`);
    mustRestart ||= isOfDaemon;
  }
  if (mustRestart) await restartDocker(host);
}

export async function restartDocker(host: Host): Promise<void> {
  const script = `if [ -d /run/systemd/system ]; then
      systemctl restart containerd docker || exit
    else
      kill $(pidof dockerd containerd) 2>/dev/null
      for i in $(seq 200); do pidof dockerd containerd >/dev/null || break; sleep 0.1; done
      start-dockerd
    fi
    for i in $(seq 600); do docker version >/dev/null 2>&1 && exit 0; sleep 0.1; done
    { tail -n 5 /var/log/dockerd.log 2>/dev/null || journalctl -q -n 5 --no-pager -o cat -u docker; } >&2; exit 1`;
  const { exitCode, stderr } = await host.shell.run(script, { timeoutMs: 120_000 });
  if (exitCode !== 0)
    throw new TransshipError(
      'failed',
      `dockerd on ${host.name} does not start: ${stderr.trim()}`,
      'transship testbed sync … --back',
    );
}
