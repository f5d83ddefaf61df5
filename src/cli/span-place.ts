import type { Span } from '../trace/span.ts';
import { type Ns, nsToUs } from '../trace/time.ts';
import { escapeText } from './terminal.ts';

/** Where and what: our own steps and commands after the host that they act on, a command after the step that runs it. */
export function spanPlace(span: Span, namesOf: ReadonlyMap<string, string>): { readonly layer: string; readonly name: string } {
  const host = span.service === 'transship' ? (span.attributes['migration.host'] ?? span.host) : span.host;
  const above = span.name.startsWith('shell ') ? `${namesOf.get(span.parentSpanId ?? '') ?? ''} › ` : '';
  return { layer: `${span.service} ${escapeText(String(host))}`, name: escapeText(`${above}${span.name}`) };
}

/** `40.1 %`, in line. */
export function shareText(ns: Ns, wholeNs: Ns): string {
  return `${(wholeNs === 0n ? 0 : (100 * nsToUs(ns)) / nsToUs(wholeNs)).toFixed(1).padStart(4)} %`;
}
