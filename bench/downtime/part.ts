import type { PackageSet } from '../../vm/versions.ts';
import type { TestPair } from './test-pair.ts';

export interface PartOptions {
  readonly runs: number;
  readonly keys: number;
  readonly say: (line: string) => void;
}

/** What is measured by one command, on one pair of hosts. */
export interface Part {
  readonly name: string;
  /** The question, for --help. */
  readonly about: string;
  readonly runs: number;
  readonly packages?: PackageSet;
  /** The cables carry no more, unless --link says otherwise. */
  readonly linkMbit?: number;
  /** Measures, and gives the text of a report in Markdown. */
  readonly measure: (pair: TestPair, options: PartOptions) => Promise<string>;
}
