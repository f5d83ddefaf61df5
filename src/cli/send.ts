import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import { openRun } from '../evidence/open-run.ts';
import { checkReachable, endpointsOf } from '../export/endpoint.ts';
import { withLiveSpan } from '../export/live-telemetry.ts';
import type { Sent } from '../export/send.ts';
import type { Trace } from '../trace/span.ts';
import { type Terminal, terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly otlp?: string;
  readonly jaeger?: string;
}

export const sendCommand: Command = withFormat(new Command('send'))
  .summary("send a run's trace to Jaeger or any OTLP receiver")
  .description(
    "Sends a run's trace to Jaeger, or to anything that takes in OTLP over HTTP. Again the same way does no harm; both ways to one Jaeger double every span.",
  )
  .argument('<run>', "a run's name, or the path of its folder")
  .option('--otlp <url>', 'OTLP over HTTP (else OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT)')
  .option('--jaeger <url>', "Jaeger's collector over HTTP (else OTEL_EXPORTER_JAEGER_ENDPOINT)")
  .addHelpText(
    'after',
    `
Examples:
  transship send r7 --otlp http://127.0.0.1:4318
  transship send r7 --jaeger http://127.0.0.1:14268        npm run jaeger starts one`,
  )
  .action(run);

async function run(name: string, options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const endpoints = endpointsOf(options, process.env);
  const folder = openRun(name);
  const live = { name: 'transship send', attributes: { 'migration.id': folder.run }, warn: terminal.warn };
  await withLiveSpan(live, async () => {
    const { loadTrace } = await import('./load-trace.ts');
    const trace = loadTrace(folder);
    if (trace.spans.length === 0)
      throw new TransshipError(
        'input',
        `${folder.path}: the trace has no spans, there is nothing to send`,
        `transship show ${folder.run}`,
      );
    const sent: Sent[] = [];
    for (const endpoint of [endpoints.otlp, endpoints.jaeger]) if (endpoint !== undefined) await checkReachable(endpoint);
    if (endpoints.otlp !== undefined) sent.push(await sendBy('otlp', trace, endpoints.otlp));
    if (endpoints.jaeger !== undefined) sent.push(await sendBy('jaeger', trace, endpoints.jaeger));
    print({ trace, sent, terminal });
  });
}

async function sendBy(means: 'otlp' | 'jaeger', trace: Trace, endpoint: string): Promise<Sent> {
  if (means === 'otlp') return (await import('../export/send-otlp.ts')).sendOtlp(trace.spans, endpoint);
  return (await import('../export/send-jaeger.ts')).sendJaeger(trace.spans, endpoint);
}

function print({ trace, sent, terminal }: { trace: Trace; sent: readonly Sent[]; terminal: Terminal }): void {
  const document = { schema: 'transship.send/1', run: trace.run, traceId: trace.traceId, sent };
  terminal.result(document, () =>
    [
      ...sent.map(({ endpoint, spans }) => `sent      ${spans} ${spans === 1 ? 'span' : 'spans'} to ${endpoint}`),
      `trace     ${trace.traceId}`,
    ].join('\n'),
  );
}
