import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { quoteWord } from '../../hosts/link.ts';
import { isListening } from '../../hosts/listeners.ts';
import { bounded } from '../bounded.ts';
import type { Step } from '../step.ts';
import { waitForSourceS } from './settings.ts';
import { directOf } from './stage-step.ts';

/**
 * CRIU's page server takes one client and ends with it. It listens on the one address that the source uses. It has no limit of its own: timeout(1)
 * gives it one, for when nobody comes, and nobody is there any more to end it.
 */
export const pageServer: Step = {
  name: 'page-server',
  on: 'destination',
  about: "criu page-server: the source's memory goes straight into the destination's",
  do: async (move) => {
    const { folder, work, channel } = directOf(move);
    const { destination } = move;
    const words = `--images-dir ${folder}/images --work-dir ${work.destination} --address ${channel.destination} --port ${channel.port}`;
    const itself = `echo $$ >${folder}/page-server-pid; exec criu page-server ${words} -o page-server.log -v4`;
    const server = destination.spawn(
      `umask 077; CRIU_CONFIG_FILE=${folder}/page.conf exec timeout -k 5 ${waitForSourceS()} sh -c ${quoteWord(itself)}`,
    );
    server.stdin.end();
    const ended = server.ended.then(({ stderr }) => stderr || 'it ended at once');
    for (let tries = 0; !(await isListening(destination, channel.destination, channel.port)); tries += 1) {
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
