/** A stretch of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/** A file that is read in stretches: a program on a host has a hundred megabytes, of which a quarter is looked at. */
export interface ByteSource {
  /** For messages: `a:/usr/sbin/runc`. */
  readonly name: string;
  /** @throws TransshipError when it cannot be read; what lies behind the file's end is missing in what it returns */
  read(ranges: readonly ByteRange[]): Promise<readonly Buffer[]>;
}

export async function readOne(source: ByteSource, offset: number, bytes: number): Promise<Buffer> {
  const [found] = await source.read([{ offset, bytes }]);
  return found ?? Buffer.alloc(0);
}
