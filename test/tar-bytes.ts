import { Header } from 'tar';

/** A tar archive made by hand, with entries that no honest tool writes. */
export interface TarPart {
  readonly path: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice';
  readonly linkpath?: string;
  readonly content?: Uint8Array;
  /** What the header claims, where that is not the content's size. */
  readonly size?: number;
}

export function tarOf(parts: readonly TarPart[]): Buffer {
  const blocks = parts.map(({ path, type = 'File', linkpath = '', content = new Uint8Array(0), size = content.byteLength }) => {
    const header = new Header({ path, type, linkpath, size, mode: 0o644, mtime: new Date(1_700_000_000_000), uid: 0, gid: 0 });
    const block = Buffer.alloc(512);
    header.encode(block);
    return Buffer.concat([block, content, Buffer.alloc((512 - (content.byteLength % 512)) % 512)]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
