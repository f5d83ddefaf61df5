import type { ContainerInspectInfo } from 'dockerode';
import type { Host } from './host.ts';

/** Commands of `docker exec` that run in a container now, those of a health check among them. */
export async function runningExecs(host: Host, inspect: ContainerInspectInfo): Promise<readonly string[]> {
  const ids = (inspect.ExecIDs as readonly string[] | null) ?? [];
  const execs = await Promise.all(
    ids.map((id) =>
      host.docker
        .getExec(id)
        .inspect()
        .catch(() => null),
    ),
  );
  return execs.flatMap((exec) =>
    exec?.Running ? [[exec.ProcessConfig.entrypoint, ...exec.ProcessConfig.arguments].join(' ')] : [],
  );
}

/** The command of the health check as its exec shows it; null when there is none. */
export function healthTest({ Config }: ContainerInspectInfo): string | null {
  const [kind, ...words] = Config.Healthcheck?.Test ?? [];
  if (kind === 'CMD') return words.join(' ');
  return kind === 'CMD-SHELL' ? `/bin/sh -c ${words.join(' ')}` : null;
}
