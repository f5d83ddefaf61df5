import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { bounded } from '../bounded.ts';
import type { Step } from '../step.ts';
import { directOf } from './stage-step.ts';

/** CRIU's page server takes one client and ends with it. It listens on the one address that the source uses. */
export const pageServer: Step = {
  name: 'page-server',
  on: 'destination',
  about: "criu page-server: the source's memory goes straight into the destination's",
  do: async (move) => {
    const { folder, work, channel } = directOf(move);
    const { destination } = move;
    const words = `--images-dir ${folder}/images --work-dir ${work.destination} --address ${channel.destination} --port ${channel.port}`;
    const server = destination.spawn(
      `umask 077; echo $$ >${folder}/page-server-pid; CRIU_CONFIG_FILE=${folder}/page.conf exec criu page-server ${words} -o page-server.log -v4`,
    );
    server.stdin.end();
    const hexPort = channel.port.toString(16).toUpperCase().padStart(4, '0');
    const listens = `grep -q ':${hexPort} .* 0A ' /proc/net/tcp /proc/net/tcp6`;
    const ended = server.ended.then(({ stderr }) => stderr || 'it ended at once');
    for (let tries = 0; (await destination.shell.run(listens)).exitCode !== 0; tries += 1) {
      const said = await Promise.race([ended, sleep(20, null)]);
      if (said !== null || tries > 250) {
        const why = said ?? 'it does not listen';
        throw new TransshipError(
          'failed',
          `criu page-server on ${destination.name}: ${why}`,
          `is port ${channel.port} free there?`,
        );
      }
    }
    return undefined;
  },
  undo: async (move) => {
    const { folder } = directOf(move);
    const script = `read -r pid <${folder}/page-server-pid && grep -q '^criu$' /proc/$pid/comm && kill -KILL $pid; true`;
    await bounded('ending the page server', 10_000, move.destination.shell.run(script));
  },
};
