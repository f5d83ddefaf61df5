import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import type { Scan } from '../instrument/scan.ts';
import { framelessTable } from './frameless-table.ts';
import { escapeText, type Terminal, terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly graph?: boolean;
  readonly mermaid?: boolean;
  readonly mentions?: boolean;
}

export const sourceScanCommand: Command = withFormat(new Command('scan'))
  .summary('find the functions of the checkpoint and restore path')
  .description(
    "Every function from Docker's API down to criu: file, line, layer, what it does; what a rule no longer finds, and what is nearest.",
  )
  .argument('<dir...>', 'fetched sources, or checkouts of moby, containerd, go-runc, runc')
  .option('--graph', 'the call graph, as text')
  .option('--mermaid', 'the call graph, for Mermaid')
  .option('--mentions', 'every line that mentions criu, by what it is')
  .addHelpText('after', '\nExample:\n  transship source scan "$(transship source fetch debian13)" --graph')
  .action(run);

async function run(folders: readonly string[], options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  if ([options.graph, options.mermaid, options.mentions].filter(Boolean).length > 1)
    throw new TransshipError('usage', '--graph, --mermaid and --mentions are three answers', 'ask for one of them');
  if (options.mentions) return showMentions(terminal, folders);
  const { scanSources } = await import('../instrument/scan.ts');
  const { pathRules } = await import('../instrument/path-rules.ts');
  const { callGraphMermaid, callGraphText, scanDocument } = await import('../instrument/scan-text.ts');
  const scan = await scanSources(folders, pathRules);
  const table = options.graph || options.mermaid ? '' : await functionTable(scan);
  const text = (): string => (options.graph ? callGraphText(scan) : options.mermaid ? callGraphMermaid(scan) : table);
  terminal.result(scanDocument(scan), text);
  tellMissed(terminal, scan);
}

async function functionTable(scan: Scan): Promise<string> {
  const { codeName } = await import('../instrument/scan-text.ts');
  const rows = scan.functions.map((one) => [
    one.rule.layer,
    codeName(one),
    `${one.file.path}:${one.goFunction.line}`,
    one.rule.does,
  ]);
  return framelessTable(rows);
}

function tellMissed(terminal: Terminal, { missed, calls, functions }: Scan): void {
  for (const { rule, candidates } of missed) {
    terminal.warn(`${rule.name}: ${rule.function} is not in ${rule.packages.join(' or ')}`);
    for (const { file, line, name, why } of candidates) terminal.say(`  ${why}? ${escapeText(`${file}:${line}: ${name}`)}`);
  }
  for (const { from, to } of calls.filter(({ line }) => line === null)) {
    const caller = functions.find(({ rule }) => rule.name === from);
    terminal.warn(
      `${caller?.file.path}:${caller?.goFunction.line}: ${caller?.goFunction.name} no longer calls ${to} by its name`,
    );
  }
}

async function showMentions(terminal: Terminal, folders: readonly string[]): Promise<void> {
  const { mentionKinds, mentionsOf } = await import('../instrument/mentions.ts');
  const mentions = mentionsOf('criu', folders);
  const groups = mentionKinds.map((kind) => ({ kind, lines: mentions.filter((one) => one.kind === kind) }));
  const text = (): string =>
    groups
      .filter(({ lines }) => lines.length > 0)
      .flatMap(({ kind, lines }) => [
        `${kind}: ${lines.length}`,
        ...lines.map((one) => `  ${one.file}:${one.line}: ${escapeText(one.text)}`),
      ])
      .join('\n');
  terminal.result({ schema: 'transship.source-mentions/1', mentions }, text);
}
