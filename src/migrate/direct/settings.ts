import { bracketed } from '../../hosts/listeners.ts';
import { patient } from '../../hosts/patience.ts';
import type { Move } from '../step.ts';
import type { PlacedLog } from '../whole/earlier-log.ts';
import { asRootQuoted } from '../whole/route.ts';
import { assignments } from './assignments.ts';
import { type DirectKind, type DirectState, isByFile, isLazy } from './state.ts';

/** Longest freeze that is waited out when nobody gave a limit. */
export const freezeLimitS = 600;

/** What CRIU is told for this move alone, by the file that CRIU_CONFIG_FILE names (criu(8), CONFIGURATION FILES). */
export function criuConf(
  folder: string,
  options: {
    readonly lock: 'skip' | 'nftables';
    readonly isTcpKept: boolean;
    readonly isTls: boolean;
    /** The one address at which a dump with lazy pages listens. Without it CRIU 4.2.1 listens at all, whatever runc was told (seen: `ss -Htln`). */
    readonly listensAt?: string;
  },
): string {
  const tls = [
    'tls',
    `tls-cacert ${folder}/ca.pem`,
    `tls-cert ${folder}/cert.pem`,
    `tls-key ${folder}/key.pem`,
    'tls-no-cn-verify',
  ];
  const lines = [`network-lock ${options.lock}`, ...(options.isTcpKept ? [] : ['tcp-close', 'skip-in-flight'])];
  const address = options.listensAt === undefined ? [] : [`address ${options.listensAt}`];
  return [...lines, ...address, ...(options.isTls ? tls : [])].map((line) => `${line}\n`).join('');
}

function tcpWords({ plan }: Move): readonly string[] {
  return plan.options.tcpEstablished ? ['--tcp-established'] : [];
}

export interface DumpSettings {
  readonly kind: DirectKind;
  /** Files and folders that are looked at for changes since `sinceS` (the source's clock), and the log with what has come of it. */
  readonly layers: readonly string[];
  readonly sinceS: number;
  /** When the source was booted, by its clock of then. */
  readonly bootS: number;
  readonly log: (PlacedLog & { readonly file: string }) | null;
  readonly limitS: number;
  readonly runcRoot: string;
}

/** `settings` of dump and give-up. */
export function dumpSettings(move: Move, state: DirectState, settings: DumpSettings): string {
  const { traits, folder, channel } = state;
  const { kind, log } = settings;
  const server = isByFile(kind) ? null : isLazy(kind) ? channel.source : channel.destination;
  const text = assignments({
    id: move.plan.container.id,
    root: settings.runcRoot,
    freezer: traits.freezer,
    frozen: traits.frozen,
    thawed: traits.thawed,
    links: traits.links,
    lan_links: traits.lanLinks,
    pid: traits.pid,
    words: [...(server === null ? [] : ['--page-server', `${bracketed(server)}:${channel.port}`]), ...tcpWords(move)],
    lazy: isLazy(kind) ? '1' : '',
    work: state.work.source,
    far: folder,
    log: log?.file ?? '',
    log_bytes: log?.bytes ?? 0,
    log_first: log?.first ?? '',
    layers: settings.layers,
    since: settings.sinceS.toFixed(3),
    booted: settings.bootS.toFixed(3),
    limit_s: settings.limitS.toFixed(6),
    round_s: freezeLimitS, // the container goes on meanwhile: no limit of its downtime
  });
  return `${text}far_root() { ${move.route.ssh} ${asRootQuoted('$1')}; }\n`;
}

/** `receiving` of receive. */
export function receivingSettings(move: Move, state: DirectState, more: { readonly kind: DirectKind; readonly toId: string }) {
  const { source, port } = state.channel;
  const lazy = ['--page-server', '--address', source, '--port', String(port), '-o', 'lazy-pages.log', '-v4'];
  return assignments({
    from_id: move.plan.container.id,
    to_id: more.toId,
    work: state.work.destination,
    lazy: isLazy(more.kind) ? lazy : [],
  });
}

/** What `create` waits for besides the longest freeze: runc up to where CRIU begins, the network, the page server, the last copies. */
const beforeFreezeS = 120;

/** Longest that a destination waits for the source: from `create`, or the page server, to the word that all has come. */
export function waitForSourceS(): number {
  return freezeLimitS + patient(beforeFreezeS);
}

/** `settings` of restore. */
export function restoreSettings(move: Move, state: DirectState, more: { readonly kind: DirectKind; readonly merged: string }) {
  const { source, port } = state.channel;
  return assignments({
    work: state.work.destination,
    merged: more.merged,
    words: [...(isLazy(more.kind) ? ['--lazy-pages'] : []), ...tcpWords(move)],
    pages_from: isLazy(more.kind) ? `${bracketed(source)}:${port}` : '',
    // what moves along with the host announces it itself
    announce: state.traits.lanLinks.length > 0 && move.plan.options.movingAddress === undefined ? '1' : '',
    wait_s: waitForSourceS(),
    restore_s: freezeLimitS,
    begin_s: patient(60),
  });
}
