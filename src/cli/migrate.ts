import { Command, Option } from 'commander';
import { TransshipError } from '../error.ts';
import { isDirect } from '../hosts/check.ts';
import type { Host } from '../hosts/host.ts';
import type { Plan, PlanRequest } from '../migrate/plan.ts';
import { type StrategyName, strategyNames } from '../migrate/strategies/names.ts';
import { interruptSignal } from './interrupt.ts';
import type { TraceOrWhy } from './migrate-document.ts';
import { movingAddressOf, movingAddressOption } from './moving-address-option.ts';
import { pagePortOf, pagePortOption } from './page-port-option.ts';
import { stepReport } from './step-report.ts';
import { stopLimitsOf, stopOption } from './stop-options.ts';
import { type Terminal, terminalOf, withFormat } from './terminal.ts';
import { transshipVersion } from './version-of.ts';

interface Options {
  readonly from: string;
  readonly strategy: StrategyName | 'auto';
  readonly allowPostCopy?: boolean;
  readonly downtimeLimit?: string;
  readonly plainPages?: boolean;
  readonly pagePort?: number;
  readonly tcpEstablished?: boolean;
  readonly movingAddress?: string;
  readonly earlyNetwork: boolean;
  readonly plain?: boolean;
  readonly volumes?: string;
  readonly dropExecs?: boolean;
  readonly wrappers: boolean;
  readonly tracepoints: boolean;
  readonly probe: boolean;
  readonly probes?: 'uprobe';
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly name?: string;
  readonly maxRounds?: number;
  readonly pagesLeft?: number;
  readonly maxGrowth?: number;
}

export const migrateCommand: Command = withFormat(
  new Command('migrate')
    .summary('move a running container to another Docker host, and trace it')
    .argument('<container>', 'name or id on the source host')
    .argument('<to>', 'destination: a docker context, ssh://user@host, test:b')
    .option('--from <host>', 'source host (default: as docker would, DOCKER_HOST, DOCKER_CONTEXT, current context)', 'default')
    .addOption(
      new Option('--strategy <name>', 'how state travels; auto takes what is expected to be quickest, and says why')
        .choices([...strategyNames, 'auto'])
        .default('docker'),
    )
    .option('--allow-post-copy', 'auto may take post-copy, whose pages come after the container runs there')
    .option('--downtime-limit <time>', 'refuse what would take longer, and roll back what does: 300ms, 1.5s')
    .option('--plain', "Docker's path without safety: the dump kills the source (baseline for measuring)")
    .option('--tcp-established', "clients' connections move along (macvlan network, or --moving-address)")
    .addOption(movingAddressOption())
    .option('--plain-pages', 'do not encrypt the memory on its way (on a link that nobody else can read)')
    .addOption(pagePortOption())
    .option(
      '--no-early-network',
      "leave the container's network to the restore, as Docker does, even where it can be set up before the freeze",
    )
    .option('--volumes <modes>', 'copy, shared, or by place: /data=copy,/etc/app=shared')
    .addOption(stopOption('pagesLeft'))
    .addOption(stopOption('maxGrowth'))
    .addOption(stopOption('maxRounds'))
    .option('--drop-execs', 'exec sessions and health checks under way may be lost')
    .option('--no-wrappers', 'do not note the calls of runc, the shim and CRIU that go by way of our wrappers')
    .option('--no-tracepoints', 'do not have the kernel note the starts and ends of programs')
    .option('--no-probe', 'do not watch the published port from outside')
    .addOption(new Option('--probes <kind>', "look into Docker's own programs as they are; test hosts alone").choices(['uprobe']))
    .option('--yes', 'agree to what is offered: our runtime on the destination, which every strategy but docker needs')
    .option('--dry-run', 'print the plan, and what is expected of every strategy; change nothing')
    .option('--name <run>', "the run's name (default: the next free r1, r2…)"),
)
  .addHelpText('after', '\nExample:\n  transship migrate web ssh://root@b.example --from ssh://root@a.example --volumes copy')
  .action(async (container: string, to: string, options: Options, command: Command) => {
    const terminal = terminalOf(command);
    const { withLiveSpan } = await import('../export/live-telemetry.ts');
    await withLiveSpan({ name: 'transship migrate', warn: terminal.warn }, () => run(terminal, container, to, options));
  });

async function run(terminal: Terminal, container: string, to: string, options: Options): Promise<void> {
  const isUprobed = options.probes === 'uprobe';
  if (isUprobed) await refuseForeignHosts([options.from, to]);
  const moves = await moveOptions(options);
  const { connectHost } = await import('../hosts/connect.ts');
  const interrupt = interruptSignal(terminal.say);
  try {
    await using source = await connectHost(options.from, { signal: interrupt.signal });
    await using destination = await connectHost(to, { signal: interrupt.signal });
    const { plan } = await import('../migrate/plan.ts');
    const wishes = { isPostCopyAllowed: options.allowPostCopy ?? false, isSurvey: options.dryRun ?? false };
    const chosen = await plan({ container, source, destination, options: moves, ...wishes });
    if (options.dryRun) return await printPlan(terminal, chosen, { source, destination });
    const { renderChoice } = await import('./plan-text.ts');
    for (const line of renderChoice(chosen.survey)) terminal.say(line);
    for (const warning of chosen.warnings) terminal.warn(warning);
    if (isDirect(chosen.options)) await haveRuntime(terminal, destination, options.yes ?? false);
    if (interrupt.signal.aborted) throw new TransshipError('interrupted', 'interrupted', 'nothing was touched');
    const { migrate } = await import('../migrate/migrate.ts');
    const watched = [...(options.wrappers ? (['calls'] as const) : []), ...(options.tracepoints ? (['kernel'] as const) : [])];
    const request = {
      plan: chosen,
      source,
      destination,
      report: stepReport(terminal, interrupt),
      signal: interrupt.signal,
      runName: options.name,
    };
    const { folder, manifest } = await migrate({
      ...request,
      isProbed: options.probe,
      watched,
      isUprobed,
      version: transshipVersion(),
    });
    await printMigration(terminal, folder, manifest);
  } finally {
    interrupt.release();
  }
}

async function refuseForeignHosts(endpoints: readonly string[]): Promise<void> {
  const { refuseForeignHost } = await import('../uprobes/test-hosts-only.ts');
  for (const endpoint of endpoints) refuseForeignHost(endpoint);
}

async function printPlan(terminal: Terminal, plan: Plan, pair: Pick<PlanRequest, 'source' | 'destination'>): Promise<void> {
  const { planDocument, renderPlan } = await import('./plan-text.ts');
  const text = await renderPlan(plan, pair.source, pair.destination);
  terminal.result(planDocument(plan, pair.source, pair.destination), () => text);
}

async function moveOptions(options: Options): Promise<PlanRequest['options']> {
  const { parseVolumesOption } = await import('../migrate/whole/volumes-option.ts');
  const { parseDowntimeLimit } = await import('../migrate/choice/downtime-limit.ts');
  const limit = options.downtimeLimit;
  return {
    strategy: options.strategy,
    isPlain: options.plain ?? false,
    plainPages: options.plainPages ?? false,
    ...pagePortOf(options),
    tcpEstablished: options.tcpEstablished ?? false,
    ...movingAddressOf(options),
    isNetworkEarly: options.earlyNetwork,
    volumes: parseVolumesOption(options.volumes),
    dropExecs: options.dropExecs ?? false,
    ...(limit === undefined ? {} : { downtimeLimitMs: parseDowntimeLimit(limit) }),
    preCopy: stopLimitsOf(options),
    installsRuntime: options.yes === true || process.stdin.isTTY === true,
  };
}

/** After the plan, which touches nothing; where nobody can be asked and nobody has agreed, that one refuses, with what to type. */
async function haveRuntime(terminal: Terminal, destination: Host, isAgreed: boolean): Promise<void> {
  const { runtimeStatus } = await import('../wrap/status.ts');
  const { isInstalled, isCurrent } = await runtimeStatus(destination);
  if (isInstalled && isCurrent) return;
  const { offerRuntime } = await import('./runtime-offer.ts');
  if (await offerRuntime(terminal, destination, { isAgreed, isDry: false, print: terminal.say })) return;
  throw new TransshipError('not-ready', `${destination.name} has no runtime of ours`, 'agree to it, or use --strategy docker');
}

type Migrated = Awaited<ReturnType<typeof import('../migrate/migrate.ts').migrate>>;

/** Prints the breakdown (or the document) if it can, then in any case where the container is. */
export async function printMigration(
  terminal: Terminal,
  folder: Migrated['folder'],
  manifest: Migrated['manifest'],
): Promise<void> {
  const { whereabouts } = await import('./whereabouts.ts');
  try {
    await printBreakdown(terminal, folder, manifest);
  } catch (error) {
    terminal.warn(`the run cannot be shown: ${error instanceof Error ? error.message : String(error)}`);
  }
  terminal.say(whereabouts(manifest));
  if (manifest.error !== null) {
    const code =
      manifest.outcome === 'lost' || manifest.outcome === 'halves-kept'
        ? 'lost'
        : (manifest.error.code as TransshipError['code']);
    throw new TransshipError(
      code === 'interrupted' || code === 'lost' ? code : 'failed',
      manifest.error.message,
      manifest.error.hint,
    );
  }
}

async function printBreakdown(terminal: Terminal, folder: Migrated['folder'], manifest: Migrated['manifest']): Promise<void> {
  for (const warning of manifest.warnings) terminal.warn(warning);
  const { migrationDocument } = await import('./migrate-document.ts');
  const trace = await traceOrWhy(folder);
  if ('why' in trace) {
    terminal.warn(trace.why);
    if (terminal.isJson) terminal.result(migrationDocument(folder, manifest, trace), () => '');
    return;
  }
  const { renderTree } = await import('./tree.ts');
  const { renderReadings } = await import('./readings.ts');
  for (const warning of trace.warnings) terminal.warn(warning);
  terminal.result(
    migrationDocument(folder, manifest, trace),
    () => `${renderTree(trace)}\n\n${renderReadings({ folder, manifest, trace })}`,
  );
  const { sendFinished } = await import('./send-finished.ts');
  await sendFinished(terminal, trace);
}

async function traceOrWhy(folder: Migrated['folder']): Promise<TraceOrWhy> {
  const { loadTrace } = await import('./load-trace.ts');
  try {
    return loadTrace(folder);
  } catch (error) {
    return { why: `the run cannot be shown: ${error instanceof Error ? error.message : String(error)}` };
  }
}
