import { checkReachable, endpointsOf } from '../export/endpoint.ts';
import { isWanted } from '../export/live-telemetry.ts';
import type { Trace } from '../trace/span.ts';
import type { Terminal } from './terminal.ts';

/** Sends the trace of a move that has ended to where `OTEL_EXPORTER_OTLP_*` says; a failure is a warning, as the move is what counts. */
export async function sendFinished(terminal: Terminal, trace: Trace, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (!isWanted(env)) return;
  try {
    const { otlp } = endpointsOf({}, env);
    if (otlp === undefined) return;
    await checkReachable(otlp);
    const { sendOtlp } = await import('../export/send-otlp.ts');
    const { endpoint, spans } = await sendOtlp(trace.spans, otlp);
    terminal.say(`sent       ${spans} spans to ${endpoint}: trace ${trace.traceId}`);
  } catch (error) {
    terminal.warn(
      `the trace was not sent: ${error instanceof Error ? error.message : String(error)}; transship send ${trace.run}`,
    );
  }
}
