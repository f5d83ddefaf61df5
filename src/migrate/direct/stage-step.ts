import { TransshipError } from '../../error.ts';
import { quoteWord } from '../../hosts/link.ts';
import { patient } from '../../hosts/patience.ts';
import { hostFile } from '../../wrap/host-files.ts';
import { messageOf } from '../engine.ts';
import { runcRoot } from '../live-copy.ts';
import type { Move, Step } from '../step.ts';
import { containerPair, destinationIdOf, forgetUndo } from '../strategies/common.ts';
import { placeEarlierLog } from '../whole/earlier-log.ts';
import { type FolderSync, frozenScript } from '../whole/folder-sync.ts';
import type { Route } from '../whole/route.ts';
import { volumeSyncs } from '../whole/volumes.ts';
import { type ContainerPair, layerSync } from '../whole/writable-layer.ts';
import { findChannel, workFolder } from './channel.ts';
import { makeCredentials } from './credentials.ts';
import { knock } from './knock.ts';
import { forgetAddress, stageAddress, takeAddressBack } from './moving-address.ts';
import { networkLock } from './network-lock.ts';
import { criuConf, dumpSettings, freezeLimitS, receivingSettings, restoreSettings } from './settings.ts';
import { makeStage, putFiles, putScripts, removeStage, stageFolder, stageRestore } from './stage.ts';
import { type DirectKind, type DirectState, hasRounds, isByFile, isLazy, sendsPages } from './state.ts';
import { readTraits } from './traits.ts';

export function directOf({ found }: Move): DirectState {
  if (found.direct === null) throw new Error('nothing was staged');
  return found.direct;
}

/** All that the dump, the way and the restore will need lies ready on both hosts before anything stands still. */
export function stage(kind: DirectKind): Step {
  return {
    name: 'stage',
    on: 'both',
    about: 'folders on memory, scripts, keys; the log so far in its place',
    do: async (move) => {
      const folder = stageFolder(move.plan.checkpoint);
      const { source, destination, plan } = move;
      const state: DirectState = {
        folder,
        traits: await readTraits(source, plan.inspect),
        work: { source: await workFolder(source, folder), destination: await workFolder(destination, folder) },
        channel: await findChannel(move.route, kind, { wished: plan.options.pagePort, tried: move.found.triedPort }),
        started: null,
        dump: null,
        stallLimitMs: patient(30_000),
      };
      refuseOtherLinks(move, state);
      await knock(move, { channel: state.channel, kind });
      move.found.direct = state;
      for (const host of [source, destination]) await makeStage(host, folder);
      const pair = await containerPair(move);
      await stageDestination(move, state, { kind, pair });
      await stageSource(move, state, { kind, pair });
      await stageAddress(move, folder);
      return { pages: isByFile(kind) ? 'ssh' : plan.options.plainPages ? 'plain' : 'TLS' };
    },
    tidy: async (move) => {
      await takeAddressBack(move, stageFolder(move.plan.checkpoint));
      await removeStages(move);
    },
  };
}

interface Staging {
  readonly kind: DirectKind;
  readonly pair: ContainerPair;
}

async function stageDestination(move: Move, state: DirectState, { kind, pair }: Staging): Promise<void> {
  const { destination } = move;
  const { folder } = state;
  const toId = destinationIdOf(move);
  const isTcpKept = move.plan.options.tcpEstablished;
  const lock = await networkLock(destination, isTcpKept);
  const isTls = !isByFile(kind) && !move.plan.options.plainPages;
  const merged = (pair.destination.GraphDriver.Data as unknown as Record<string, string>).MergedDir ?? '';
  await putScripts(destination, folder, ['receive', 'unpack', 'mark', ...(isLazy(kind) ? (['hold-pages'] as const) : [])]);
  await putFiles(destination, folder, {
    settings: restoreSettings(move, state, { kind, merged }),
    receiving: receivingSettings(move, state, { kind, toId }),
    'criu.conf': criuConf(folder, { lock, isTcpKept, isTls: false }),
    'page.conf': criuConf(folder, { lock, isTcpKept, isTls }),
    'bin/criu': hostFile('criu'),
    'bin/tar': hostFile('tar'),
  });
  await stageRestore(destination, folder, toId);
}

async function stageSource(move: Move, state: DirectState, { kind, pair }: Staging): Promise<void> {
  const { source, found, plan } = move;
  const { folder } = state;
  const isTcpKept = plan.options.tcpEstablished;
  const isTls = !isByFile(kind) && !plan.options.plainPages;
  if (isTls) await putKeys(move, folder);
  const log = found.log === null ? null : await placeEarlierLog(pair);
  const syncs = frozenSyncs(move, pair);
  // a tick of the kernel's clock for files, and a second to be on the safe side of it
  const sinceS = Math.min(...syncs.map((sync) => sync.earlier?.startS ?? 0)) - 1;
  const bootS = Math.min(...syncs.map((sync) => sync.earlier?.bootS ?? 0));
  await putScripts(source, folder, [
    ...(['dump', 'keep-log', 'give-up', 'mark'] as const),
    ...(hasRounds(kind) ? (['pre-dump'] as const) : []),
    ...(sendsPages(kind) ? (['uncork'] as const) : []),
  ]);
  await putFiles(source, folder, {
    settings: dumpSettings(move, state, {
      kind,
      layers: syncs.map((sync) => sync.from),
      sinceS,
      bootS,
      log: log === null ? null : { ...log, file: pair.source.LogPath },
      limitS: (plan.options.downtimeLimitMs ?? freezeLimitS * 1e3) / 1e3,
      runcRoot,
    }),
    'bin/criu': hostFile('criu'),
    'bin/tar': hostFile('tar'),
    copy: syncs.map((sync) => changedCopy(move.route, sync)).join(' && '),
    'criu.conf': criuConf(folder, {
      ...{ lock: await networkLock(source, isTcpKept), isTcpKept, isTls },
      ...(isLazy(kind) ? { listensAt: state.channel.source } : {}),
    }),
  });
}

/** What has to be looked at once more after the freeze: the writable layer, and volumes that are copied. */
function frozenSyncs(move: Move, pair: ContainerPair): readonly FolderSync[] {
  const { layer, volumes } = move.found;
  const own = layerSync(pair, { pass: 'frozen', ...(layer === null ? {} : { earlier: layer }) });
  const pass = { pass: 'frozen', ...(volumes === null ? {} : { earlier: volumes }) } as const;
  return [own, ...volumeSyncs(pair, move.plan.volumes, pass).map(([, sync]) => sync)];
}

/** A folder in which nothing has changed costs one `find`. `$since`: the dump's. */
function changedCopy(route: Route, sync: FolderSync): string {
  const changed = `$(find ${quoteWord(sync.from)} -newerct "@$since" -print -quit)`;
  return `{ [ -z "${changed}" ] || (${frozenScript(route, sync)}
); }`;
}

async function putKeys({ source, destination }: Move, folder: string): Promise<void> {
  const credentials = await makeCredentials();
  for (const [host, own] of [
    [source, credentials.source],
    [destination, credentials.destination],
  ] as const)
    await putFiles(host, folder, { 'ca.pem': own.authority, 'cert.pem': own.certificate, 'key.pem': own.key });
}

function refuseOtherLinks({ source, plan }: Move, { traits }: DirectState): void {
  if (traits.otherLinks.length === 0) return;
  throw new TransshipError(
    'not-ready',
    `${source.name}: ${plan.container.name} has a link that cannot be cut from outside: ${traits.otherLinks.join(', ')}`,
    'a container on a bridge, on the host network or on none can move so; others with --strategy docker',
  );
}

/** After the move. */
export const unstage: Step = {
  name: 'unstage',
  on: 'both',
  about: 'what lay on memory for the move: images, keys, scripts',
  do: async (move) => {
    const { movingAddress: address } = move.plan.options;
    await forgetUndo(move);
    // a host that cannot be asked is told of when its folder is to go, and the other's goes all the same
    await tellNotPutBack(move).catch(() => {});
    await removeStages(move);
    const [from, to] = [move.source.name, move.destination.name];
    if (address !== undefined)
      move.found.warnings.push(
        `${address} is on ${to} until that one restarts: it is for you to write it into its network configuration, and to take it out of ${from}'s`,
      );
    return undefined;
  },
};

/** What the runtime has edited of runc's, for a network that was set up before the freeze, and could not edit back. */
async function tellNotPutBack({ destination, plan, found }: Move): Promise<void> {
  const file = (await destination.shell.run(`cat ${stageFolder(plan.checkpoint)}/not-put-back 2>/dev/null`)).stdout.trim();
  if (file === '') return;
  const name = plan.container.name;
  found.warnings.push(
    `${destination.name}: ${file} still says that ${name} has joined a network namespace: until docker restart ${name} it may not move on`,
  );
}

/** A host that cannot be asked must not keep it from going on the other. @throws TransshipError that names the first on which it stays */
async function removeStages({ source, destination, plan, found }: Move): Promise<void> {
  const folder = stageFolder(plan.checkpoint);
  found.stagedOn = [];
  let first: TransshipError | null = null;
  for (const host of [source, destination]) {
    try {
      await forgetAddress(host, folder); // before its script goes
      await removeStage(host, folder);
    } catch (cause) {
      found.stagedOn.push(host.name);
      const hint = `on ${host.name}: umount -R ${folder}; rm -r ${folder}`;
      first ??= new TransshipError('failed', `${host.name}: ${folder} stays, with memory and keys: ${messageOf(cause)}`, hint, {
        cause,
      });
    }
  }
  if (first !== null) throw first;
}
