import type { TestPair } from './test-pair.ts';

export interface PartOptions {
  readonly runs: number;
  readonly keys: number;
  /** Between a controller that is far and its hosts, there and back. */
  readonly delayMs: number;
  /** Strategies of those that the part compares; null: all. */
  readonly only: readonly string[] | null;
  readonly say: (line: string) => void;
}

/** What is measured by one command, on one pair of hosts. */
export interface Part {
  readonly name: string;
  /** The question, for --help. */
  readonly about: string;
  readonly runs: number;
  /** Debian packages that the hosts need for it, besides those of every test host. */
  readonly extra?: readonly string[];
  /** The cables carry no more, unless --link says otherwise. */
  readonly linkMbit?: number;
  /** Measures, and gives the text of a report in Markdown. */
  readonly measure: (pair: TestPair, options: PartOptions) => Promise<string>;
}
