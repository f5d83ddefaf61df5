/** A file to look at: a plain one on disk, or a copy of what an archive held. */
export interface FoundFile {
  readonly path: string;
  /** What the user calls it: `checkpoint.tar.gz/stats-dump`; `-` for standard input. */
  readonly shown: string;
  /** The user named it; others were found in a folder or an archive, and may be anything. */
  readonly isNamed: boolean;
  readonly times: FileTimes;
}

/** `null`: nobody knows. What came through an archive keeps whole seconds, mostly. */
export interface FileTimes {
  readonly mtimeNs: bigint | null;
  readonly birthNs: bigint | null;
  readonly resolutionNs: bigint;
}

/** `parent` of an images folder, as CRIU makes it for a chain of pre-dumps: a link, read and never followed. */
export interface ParentLink {
  /** The images folder, as shown. */
  readonly folder: string;
  readonly target: string;
}

export interface Found {
  readonly files: readonly FoundFile[];
  readonly parents: readonly ParentLink[];
  readonly warnings: readonly string[];
}
