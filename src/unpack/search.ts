import type { FoundFile, ParentLink } from './found-file.ts';
import type { Store } from './kept-file.ts';

export interface FindOptions {
  /** An empty folder for what archives hold; the caller removes it. */
  readonly folder: string;
  /** By name and first bytes: is a file of a folder or an archive worth a look? */
  isWanted(shown: string, head: Uint8Array): boolean;
}

/** What is gathered on the way. */
export interface Search extends FindOptions {
  readonly store: Store;
  readonly files: FoundFile[];
  readonly parents: ParentLink[];
  readonly warnings: string[];
}
