import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execaSync } from 'execa';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** A fence ```` ```console run ```` of the docs: a command, and what it printed; of ```` ```console part ```` some lines of that. */
export interface DocsBlock {
  readonly isPart: boolean;
  readonly file: string;
  readonly line: number;
  readonly command: string;
  readonly output: string;
}

export const docsFiles = [
  'README.md',
  'docs/getting-started.md',
  'docs/test-hosts.md',
  'docs/reading-a-trace.md',
  'docs/five-seconds-of-docker-checkpoint.md',
  'docs/pre-copy.md',
  'docs/choosing-a-strategy.md',
  'docs/any-criu-log.md',
  'docs/is-this-host-ready.md',
  'docs/other-readers.md',
  'docs/comparing-runs.md',
  'docs/what-would-shorten-it.md',
  'docs/what-happens-in-a-live-migration.md',
  'docs/instrumented-docker.md',
  'docs/under-the-hood.md',
];

const fence = /^```console run\n\$ (.*)\n([\s\S]*?)^```$/gm;
const partFence = /^```console part\n\$ (.*)\n([\s\S]*?)^```$/gm;

export function blocksOf(file: string): readonly DocsBlock[] {
  const text = readFileSync(join(packageRoot(), file), 'utf8');
  return [...text.matchAll(fence), ...text.matchAll(partFence)].map((match) => ({
    file,
    isPart: match[0].startsWith('```console part'),
    line: text.slice(0, match.index).split('\n').length,
    command: match[1] ?? '',
    output: match[2] ?? '',
  }));
}

/** Runs a block's command in an empty folder that holds one `dump.log`; gives what it prints on stdout. */
export function outputOf(command: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'transship-docs-'));
  try {
    const log = join(packageRoot(), 'test/recorded/criu/sid421-c-redis200/dump.log.gz');
    writeFileSync(join(folder, 'dump.log'), gunzipSync(readFileSync(log)));
    const [, ...words] = command.split(' ');
    const isTable = command.startsWith('npm run -s downtime-by-layer');
    const program = isTable
      ? ['dist/analysis/downtime-by-layer.js', ...words.slice(words.indexOf('--') + 1)]
      : ['dist/src/cli/main.js', ...words];
    const [script = '', ...args] = program;
    const env = { TRANSSHIP_TRACES: join(folder, 'runs'), NO_COLOR: '1' };
    const { stdout } = execaSync('node', [join(packageRoot(), script), ...args], { cwd: folder, env, stdin: 'ignore' });
    return `${stdout.trimEnd().replaceAll(packageRoot(), '/home/you/transship')}\n`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `node dist/test/docs-blocks.js` writes what the commands print now into the docs; to be reviewed as any change. */
if (process.argv[1]?.endsWith('docs-blocks.js')) {
  for (const file of docsFiles) {
    const path = join(packageRoot(), file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(fence, (_, command: string) => `\`\`\`console run\n$ ${command}\n${outputOf(command)}\`\`\``),
    );
  }
}
