import type { Trace } from '../trace/span.ts';

/** Pieces of a document, to be written one after another. */
type Writer = (trace: Trace) => Iterable<string>;

/** Every format that `transship export` writes; one file each, loaded when it is asked for. */
export const exportFormats: Readonly<Record<string, () => Promise<Writer>>> = {
  'otlp-json': async () => (await import('./otlp-json.ts')).otlpJson,
  'jaeger-json': async () => (await import('./jaeger-json.ts')).jaegerJson,
  chrome: async () => (await import('./chrome.ts')).chromeTrace,
  csv: async () => (await import('./csv.ts')).csv,
  folded: async () => (await import('./folded.ts')).foldedStacks,
  gobench: async () => (await import('./gobench.ts')).goBenchmarks,
};
