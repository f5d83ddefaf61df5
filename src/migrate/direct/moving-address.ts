import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { placesOf } from '../../hosts/moving-address.ts';
import type { Move } from '../step.ts';
import { assignments } from './assignments.ts';
import { putFiles, putScripts } from './stage.ts';

/** An address of the host that moves along: what its script needs, on both hosts, before anything stands still. */
export async function stageAddress({ plan, source, destination }: Move, folder: string): Promise<void> {
  const { movingAddress: address } = plan.options;
  if (address === undefined) return;
  const places = await placesOf(address, source, destination);
  if ('status' in places) throw new TransshipError('not-ready', places.found, places.hint ?? 'run doctor with --moving-address');
  for (const [host, { device, words }] of [
    [source, places.source],
    [destination, places.destination],
  ] as const) {
    await putScripts(host, folder, ['address']);
    await putFiles(host, folder, { moving: assignments({ address, device, place: words, table: plan.checkpoint }) });
  }
}

/** Shell text: a word of `address`; nothing where none moves, or its folder is gone. */
export function addressWord(folder: string, word: 'silence' | 'remove' | 'forget'): string {
  const at = quoteWord(folder);
  return `{ [ ! -e ${at}/moving ] || bash ${at}/address ${at} ${word}; }`;
}

async function tellAddress(host: Host, folder: string, word: 'silence' | 'remove' | 'forget'): Promise<void> {
  const { exitCode, stderr } = await host.shell.run(addressWord(folder, word), { timeoutMs: 10_000 });
  if (exitCode !== 0) throw addressError(host, word, stderr);
}

export function addressError(host: Host, word: string, said: string): TransshipError {
  return new TransshipError(
    'failed',
    `${host.name}: the address that moves along: ${word}: ${said.trim()}`,
    `look on ${host.name}: ip address; nft list ruleset`,
  );
}

/** Before a copy that will not go on is killed: the other one has its connections. */
export async function silenceCopy({ found, plan }: Move, host: Host): Promise<void> {
  if (found.direct !== null && plan.options.movingAddress !== undefined) await tellAddress(host, found.direct.folder, 'silence');
}

/** The destination's copy is gone. */
export async function takeAddressBack({ destination, plan }: Move, folder: string): Promise<void> {
  if (plan.options.movingAddress !== undefined) await tellAddress(destination, folder, 'remove');
}

/** Its rules go; before the folder does. */
export async function forgetAddress(host: Host, folder: string): Promise<void> {
  await tellAddress(host, folder, 'forget');
}
