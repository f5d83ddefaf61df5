import { TransshipError } from '../../error.ts';
import { readFacts } from '../../hosts/facts.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import type { Move, Step } from '../step.ts';
import { destinationIdOf } from '../strategies/common.ts';
import { assignments } from './assignments.ts';
import { type EarlyNetwork, earlyNetwork, networkSysctls, notTried } from './early-network.ts';
import { putFiles, putScripts } from './stage.ts';
import { directOf } from './stage-step.ts';

/**
 * Docker's hook takes 60 to 90 ms in the middle of the restore. Run before the freeze, for a namespace that the restore joins, it costs no
 * downtime. The source's namespace is then nothing that CRIU has to dump.
 */
export const setUpNetwork: Step = {
  name: 'set-up-network',
  on: 'destination',
  about: "Docker's network hook, for a namespace that the restore will join",
  do: async (move) => {
    const { destination, source } = move;
    const { folder, traits } = directOf(move);
    const bundle = (await must(destination, `cat ${folder}/bundle`)).trim();
    const config = await must(destination, `cat ${quoteWord(`${bundle}/config.json`)}`);
    await putFiles(destination, folder, { sysctls: networkSysctls(config) });
    const left = await reasonToLeave(move);
    if (left !== null) return { left };
    const early = earlyNetwork(config);
    if ('left' in early) return { left: early.left };
    await putScripts(destination, folder, ['network']);
    await putFiles(destination, folder, { hook: hookSettings(move, early, bundle), 'config.json': config });
    const namespaceFile = (await must(destination, `bash ${folder}/network ${folder}`)).trim();
    await putFiles(destination, bundle, { 'config.json': early.joining(namespaceFile) });
    // the name that runc gives the namespace in a restore that joins one (libcontainer, criuNsToKey)
    await must(source, `echo "external net[$(stat -Lc %i /proc/${traits.pid}/ns/net)]:extRootNetNS" >>${folder}/criu.conf`);
    return { namespace: namespaceFile };
  },
};

async function reasonToLeave({ plan, source, destination }: Move): Promise<string | null> {
  if (plan.options.isNetworkEarly === false) return '--no-early-network';
  const networks = Object.values(plan.inspect.NetworkSettings.Networks);
  if (networks.some(({ GlobalIPv6Address }) => GlobalIPv6Address))
    return 'it has an IPv6 address, which would look for its double';
  return notTried(await Promise.all([source, destination].map(readFacts)));
}

function hookSettings(move: Move, { hook }: EarlyNetwork, bundle: string): string {
  // OCI runtime spec, runtime.md, State
  const state = `{"ociVersion":"1.2.0","id":"${destinationIdOf(move)}","status":"created","pid":PID,"bundle":${JSON.stringify(bundle)}}`;
  return assignments({ hook, state });
}

async function must(host: Host, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.shell.run(script);
  if (exitCode === 0) return stdout;
  throw new TransshipError(
    'failed',
    `${host.name}: the network could not be set up: ${stderr.trim().split('\n').at(-1)}`,
    '--no-early-network leaves it to the restore',
  );
}
