import type { PathLayer } from '../instrument/path-rule.ts';

/** A function of the checkpoint and restore path in one version set. */
export interface SourceFunction {
  /** Name of its span, where it has one; the same in every version. */
  readonly name: string;
  readonly layer: PathLayer;
  /** `libcontainer.(*Container).criuSwrk` */
  readonly function: string;
  /** Import path and file. */
  readonly file: string;
  readonly line: number;
  readonly does: string;
}

export interface SourcePath {
  /** Import path of each project → Debian's version of it. */
  readonly versions: Readonly<Record<string, string>>;
  readonly functions: readonly SourceFunction[];
}
