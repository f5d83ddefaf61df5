import { styleText } from 'node:util';
import { Command, Option } from 'commander';
import { TransshipError } from '../error.ts';
import type { CheckResult } from '../hosts/check.ts';
import type { Host } from '../hosts/host.ts';
import type { Inspect } from '../migrate/equal/inspect.ts';
import { type StrategyName, strategyNames } from '../migrate/strategies/names.ts';
import { framelessTable } from './frameless-table.ts';
import { movingAddressOf, movingAddressOption } from './moving-address-option.ts';
import { escapeText, terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly container?: string;
  readonly volumes?: string;
  readonly dropExecs?: boolean;
  readonly strategy: StrategyName;
  readonly tcpEstablished?: boolean;
  readonly movingAddress?: string;
}

export const doctorCommand: Command = withFormat(new Command('doctor'))
  .summary('check whether hosts are ready for a migration')
  .description(
    'Checks one Docker host, or a source and a destination with all that lies between them. Touches nothing. Exit status 3 when a check fails.',
  )
  .argument('<source>', 'local, ssh://[user@]host[:port], test:NAME, default, or a Docker context')
  .argument('[destination]', 'the same')
  .option('--container <name>', 'also check this container of the source')
  .option('--volumes <modes>', 'as for migrate: copy, shared, or by place')
  .option('--drop-execs', 'as for migrate: exec sessions and health checks under way may be lost')
  .addOption(
    new Option('--strategy <name>', 'as for migrate: what this way of moving needs').choices(strategyNames).default('docker'),
  )
  .option('--tcp-established', 'as for migrate: connections are to move along')
  .addOption(movingAddressOption())
  .addHelpText('after', '\nExample:\n  transship doctor test:a test:b --container redis')
  .action(run);

async function run(source: string, destination: string | undefined, options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const checks = await checksOf(source, destination, options);
  const isReady = checks.every((check) => check.status !== 'fail');
  const table = await framelessTable(checks.map(rowOf));
  terminal.result({ schema: 'transship.doctor/1', source, destination: destination ?? null, isReady, checks }, () =>
    [table, ...adviceOf(checks)].join('\n'),
  );
  if (!isReady) process.exitCode = 3;
}

/** A host that cannot be reached is a failed check; the other one is looked at all the same. */
async function checksOf(source: string, destination: string | undefined, options: Options): Promise<readonly CheckResult[]> {
  const { connectHost } = await import('../hosts/connect.ts');
  const specs = destination === undefined ? [source] : [source, destination];
  const attempts = await Promise.allSettled(specs.map((spec) => connectHost(spec)));
  const hosts = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  try {
    const lost = attempts.flatMap((attempt, index) =>
      attempt.status === 'rejected' ? [unreached(specs[index] ?? '', attempt.reason)] : [],
    );
    return [...lost, ...(await checkAll(hosts, attempts[0]?.status === 'fulfilled' ? options : { strategy: options.strategy }))];
  } finally {
    await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
  }
}

async function checkAll([source, destination]: readonly Host[], given: Options): Promise<readonly CheckResult[]> {
  if (source === undefined) return [];
  const { examine } = await import('../migrate/examine.ts');
  const { parseVolumesOption } = await import('../migrate/whole/volumes-option.ts');
  const volumes = parseVolumesOption(given.volumes);
  const inspect = given.container === undefined ? null : await findContainer(source, given.container);
  const { dropExecs = false, strategy, tcpEstablished = false } = given;
  const options = { volumes, dropExecs, strategy, tcpEstablished, ...movingAddressOf(given) };
  return (await examine({ source, destination: destination ?? null, inspect, options })).checks;
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

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function rowOf({ host, name, status, found }: CheckResult): readonly string[] {
  return [escapeText(host), name, styleText(colours[status], status, { stream: process.stdout }), escapeText(found)];
}

function adviceOf(checks: readonly CheckResult[]): readonly string[] {
  const matters = checks.filter((check) => check.status !== 'ok');
  if (matters.length === 0) return ['', 'ready'];
  return matters.flatMap(({ status, host, name, why, hint }) => [
    '',
    `${styleText(colours[status], status, { stream: process.stdout })} ${escapeText(host)} ${name}: ${why}`,
    `  hint: ${escapeText(hint)}`,
  ]);
}
