import type { PathLayer } from './path-rule.ts';
import { entryPoints } from './path-rules.ts';
import type { FoundCall, PathFunction, Scan } from './scan.ts';

/** `daemon.(*Daemon).CheckpointCreate`: as Go's own stack traces have it, short of the path. */
export function codeName({ file, goFunction }: PathFunction): string {
  const parts = file.package.split('/');
  const last =
    /^v\d+$/.test(parts.at(-1) ?? '') && file.package.startsWith('github.com/') && parts.length === 4
      ? parts.at(-2)
      : parts.at(-1);
  return `${last}.${goFunction.name}`;
}

/** The call graph from the entry points down, indented; a function that was shown before is not unfolded again. */
export function callGraphText(scan: Scan): string {
  const byName = new Map(scan.functions.map((one) => [one.rule.name, one]));
  const shown = new Set<string>();
  const lines: string[] = [];
  const visit = (name: string, depth: number, how: string): void => {
    const one = byName.get(name);
    const label = one === undefined ? name : `${codeName(one)}  ${one.file.path}:${one.goFunction.line}`;
    const again = shown.has(name) && name !== 'criu' && (one?.rule.calls ?? []).length > 0;
    lines.push(`${'  '.repeat(depth)}${how}${label}${again ? ' …' : ''}`);
    if (shown.has(name)) return;
    shown.add(name);
    for (const call of scan.calls.filter(({ from }) => from === name))
      visit(call.to, depth + 1, call.via === 'call' ? '' : `${call.via} `);
  };
  for (const root of rootsOf(scan)) visit(root, 0, '');
  return lines.join('\n');
}

/** Entry points first; then what nothing calls in the projects that were scanned. */
function rootsOf({ functions, calls }: Scan): readonly string[] {
  const called = new Set(calls.map(({ to }) => to));
  const names = [...new Set(functions.map(({ rule }) => rule.name))];
  const entries = entryPoints.filter((name) => names.includes(name));
  return [...entries, ...names.filter((name) => !called.has(name) && !(entries as readonly string[]).includes(name))];
}

/** https://mermaid.js.org/syntax/flowchart.html: a box a function, a frame a layer. */
export function callGraphMermaid({ functions, calls }: Scan): string {
  const layers = new Map<PathLayer, PathFunction[]>();
  for (const one of functions) layers.set(one.rule.layer, [...(layers.get(one.rule.layer) ?? []), one]);
  const frames = [...layers].flatMap(([layer, members]) => [
    `  subgraph ${idOf(layer)}["${layer}"]`,
    ...members.map((one) => `    ${idOf(one.rule.name)}["${codeName(one)}"]`),
    '  end',
  ]);
  return ['flowchart TD', ...frames, ...calls.map(edgeText)].join('\n');
}

function edgeText({ from, to, via }: FoundCall): string {
  return `  ${idOf(from)} ${via === 'call' ? '-->' : `-- ${via} -->`} ${idOf(to)}`;
}

function idOf(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '_');
}

/** The contract of `--format json`. */
export function scanDocument(scan: Scan) {
  return {
    schema: 'transship.source-scan/1',
    functions: scan.functions.map((one) => ({
      layer: one.rule.layer,
      package: one.file.package,
      function: one.goFunction.name,
      file: one.file.path,
      line: one.goFunction.line,
      signature: one.goFunction.signature,
      doc: one.goFunction.doc === '' ? null : one.goFunction.doc,
      name: one.rule.name,
      half: one.rule.half,
      does: one.rule.does,
      noSpan: one.rule.noSpan ?? null,
    })),
    calls: scan.calls,
    missed: scan.missed.map(({ rule, candidates }) => ({
      name: rule.name,
      layer: rule.layer,
      packages: rule.packages,
      function: rule.function,
      candidates,
    })),
  };
}
