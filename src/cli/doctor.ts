import { Command, Option } from 'commander';
import { TransshipError } from '../error.ts';
import type { CheckResult } from '../hosts/check.ts';
import type { Host } from '../hosts/host.ts';
import type { Inspect } from '../migrate/equal/inspect.ts';
import { type StrategyName, strategyNames } from '../migrate/strategies/names.ts';
import { doctorText } from './doctor-table.ts';
import { movingAddressOf, movingAddressOption } from './moving-address-option.ts';
import { pagePortOf, pagePortOption } from './page-port-option.ts';
import { terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly container?: string;
  readonly volumes?: string;
  readonly dropExecs?: boolean;
  readonly strategy: StrategyName;
  readonly tcpEstablished?: boolean;
  readonly movingAddress?: string;
  readonly pagePort?: number;
}

export const doctorCommand: Command = withFormat(new Command('doctor'))
  .summary('check whether hosts are ready for a migration')
  .description(
    'Looks over Docker hosts, side by side: kernel, CRIU, Docker, room, clock. The first is taken for the source, and what lies between it and each other is checked as well. Touches nothing, but for a port that is listened at for a moment where memory would go from host to host. Exit status 3 when a check fails.',
  )
  .argument('<hosts...>', 'local, ssh://[user@]host[:port], test:NAME, default, or a Docker context')
  .option('--container <name>', 'also check this container of the first host')
  .option('--volumes <modes>', 'as for migrate: copy, shared, or by place')
  .option('--drop-execs', 'as for migrate: exec sessions and health checks under way may be lost')
  .addOption(
    new Option('--strategy <name>', 'as for migrate: what this way of moving needs').choices(strategyNames).default('docker'),
  )
  .option('--tcp-established', 'as for migrate: connections are to move along')
  .addOption(movingAddressOption())
  .addOption(pagePortOption())
  .addHelpText('after', '\nExample:\n  transship doctor test:a test:b --container redis')
  .action(run);

async function run(specs: readonly string[], options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const asked = [...new Set(specs)];
  refuseVainPort(asked.length, options);
  const { names, checks } = await checksOf(asked, options);
  const isReady = checks.every((check) => check.status !== 'fail');
  const [source, destination = null] = specs;
  const text = terminal.isJson ? '' : await doctorText(names, checks);
  terminal.result({ schema: 'transship.doctor/1', source, destination, hosts: specs, isReady, checks }, () => text);
  if (!isReady) process.exitCode = 3;
}

/** @throws TransshipError `usage` for a port that nobody would knock at. Docker's own path has none, but is looked over with those of the others. */
function refuseVainPort(hosts: number, { pagePort, strategy }: Options): void {
  if (pagePort === undefined) return;
  if (hosts < 2) throw new TransshipError('usage', '--page-port lies between two hosts', 'name the destination as well');
  pagePortOf({ pagePort, strategy: strategy === 'docker' ? 'auto' : strategy });
}

interface Checked {
  readonly names: readonly string[];
  readonly checks: readonly CheckResult[];
}

/** A host that cannot be reached is a failed check; the others are looked at all the same. */
async function checksOf(specs: readonly string[], options: Options): Promise<Checked> {
  const { connectHost } = await import('../hosts/connect.ts');
  const attempts = await Promise.allSettled(specs.map((spec) => connectHost(spec)));
  const hosts = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  try {
    const lost = attempts.flatMap((attempt, index) =>
      attempt.status === 'rejected' ? [unreached(specs[index] ?? '', attempt.reason)] : [],
    );
    const names = attempts.map((attempt, index) => (attempt.status === 'fulfilled' ? attempt.value.name : (specs[index] ?? '')));
    const isSourceThere = attempts[0]?.status === 'fulfilled';
    const found = isSourceThere
      ? await checkAll(hosts, options)
      : await Promise.all(hosts.map((host) => checkAll([host], { strategy: options.strategy })));
    return { names, checks: [...lost, ...found.flat()] };
  } finally {
    await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
  }
}

async function checkAll(hosts: readonly Host[], given: Options): Promise<readonly CheckResult[]> {
  const [source, ...others] = hosts;
  if (source === undefined) return [];
  const { examine } = await import('../migrate/examine.ts');
  const { checkPageChannel } = await import('../migrate/direct/page-channel-check.ts');
  const { lookOver } = await import('../hosts/doctor.ts');
  const { parseVolumesOption } = await import('../migrate/whole/volumes-option.ts');
  const volumes = parseVolumesOption(given.volumes);
  const inspect = given.container === undefined ? null : await findContainer(source, given.container);
  const { dropExecs = false, strategy, tcpEstablished = false, pagePort } = given;
  const options = { volumes, dropExecs, strategy, tcpEstablished, ...movingAddressOf(given) };
  const rows: CheckResult[] = [];
  for (const destination of others.length === 0 ? [null] : others) {
    const { checks } = await examine({ source, destination, inspect, options });
    rows.push(...checks);
    if (destination === null) continue;
    const wishes = { strategy, ...(pagePort === undefined ? {} : { pagePort }) };
    rows.push(...(await checkPageChannel({ source, destination, checks, options: wishes })));
  }
  return withoutTwins([...rows, ...(await lookOver(hosts, options))]);
}

/** The source is looked at with each destination. */
function withoutTwins(checks: readonly CheckResult[]): readonly CheckResult[] {
  const keyOf = ({ name, host, peer, found }: CheckResult) => JSON.stringify([name, host, peer, found]);
  return [...new Map(checks.map((check) => [keyOf(check), check])).values()];
}

async function findContainer(host: Host, name: string): Promise<Inspect> {
  try {
    return (await host.docker.getContainer(name).inspect()) as Inspect;
  } catch (cause) {
    if ((cause as { statusCode?: number }).statusCode !== 404) throw cause;
    throw new TransshipError('not-ready', `${host.name}: no container '${name}'`, `docker ps on ${host.name} lists them`, {
      cause,
    });
  }
}

function unreached(spec: string, error: unknown): CheckResult {
  if (!(error instanceof TransshipError) || error.code !== 'not-ready') throw error;
  const why = 'everything is done over one connection and a root shell';
  return { name: 'connect', host: spec, status: 'fail', found: error.message, why, hint: error.hint };
}
