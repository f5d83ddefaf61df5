/**
 * How long does a container stand still? One part a question, each on a pair of test hosts of its own; prints tables in Markdown.
 * `npm run -s bench:downtime -- --help`
 */
import { parseArgs } from 'node:util';
import { reportError } from '../../src/cli/terminal.ts';
import { TransshipError } from '../../src/error.ts';
import { bareCriu } from './bare-criu.ts';
import type { Part } from './part.ts';
import { podman } from './podman.ts';
import { machine } from './report.ts';
import { slowController } from './slow-controller.ts';
import { strategies } from './strategies.ts';
import { withPair } from './test-pair.ts';
import { transfer } from './transfer.ts';
import { workingSet } from './working-set.ts';

const parts: readonly Part[] = [strategies, bareCriu, workingSet, slowController, transfer, podman];
const say = (line: string) => process.stderr.write(`${line}\n`);

const help = `npm run -s bench:downtime -- [--part NAME] [--runs N] [--keys N] [--link MBIT] [--delay MS] [--only STRATEGY,…]

${parts.map(({ name, about, runs }) => `  ${name.padEnd(16)} ${about} (${runs} runs a side)`).join('\n')}

  --part   strategies unless told
  --runs   runs a side, after one that warms up
  --keys   in Redis; 1000000 unless told (187 MB)
  --link   what the cable of each host carries, Mbit/s (tc tbf)
  --delay  of the slow controller, there and back; 500 unless told
  --only   strategies of the slow controller's, each of whose far moves takes two minutes
`;

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (Number.isInteger(Number(text)) && Number(text) > 0) return Number(text);
  throw new TransshipError('usage', `--${name} ${text}: not a number above 0`, 'npm run -s bench:downtime -- --help');
}

function partOf(name: string): Part {
  const part = parts.find((each) => each.name === name);
  if (part !== undefined) return part;
  throw new TransshipError('usage', `--part ${name}: there is none`, `one of ${parts.map((each) => each.name).join(', ')}`);
}

async function main(words: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { part: text, runs: text, keys: text, link: text, delay: text, only: text, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...words], options });
  if (values.help) return void process.stdout.write(help);
  const part = partOf(values.part ?? strategies.name);
  const runs = positive('runs', values.runs) ?? part.runs;
  const keys = positive('keys', values.keys) ?? 1_000_000;
  const linkMbit = positive('link', values.link) ?? part.linkMbit;
  const delayMs = positive('delay', values.delay) ?? 500;
  const only = values.only?.split(',') ?? null;
  const pairOptions = { say, extra: part.extra ?? [], ...(linkMbit === undefined ? {} : { linkMbit }) };
  await withPair(pairOptions, async (pair) => {
    const facts = await machine(pair.b);
    const tables = await part.measure(pair, { runs, keys, delayMs, only, say });
    const link = linkMbit === undefined ? 'no limit on the link' : `a link of ${linkMbit} Mbit/s`;
    const how = `${keys.toLocaleString('en')} keys, ${runs} runs a side in turns after one that warms up, medians, ${link}.`;
    process.stdout.write(`${how} ${facts}\n\n${tables}\n`);
  });
}

await main(process.argv.slice(2)).catch((error) => {
  process.exitCode = reportError(error);
});
