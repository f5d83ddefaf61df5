import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** A module as a folder serves it (go.dev/ref/mod, GOPROXY protocol), for `GOPROXY=file://FOLDER`. */
export interface ServedModule {
  readonly module: string;
  readonly version: string;
  /** Path below the module → text. */
  readonly files: Readonly<Record<string, string>>;
}

/** @returns its sum, as go.sum has it */
export function serveModule(folder: string, { module, version, files }: ServedModule): string {
  const at = join(folder, module, '@v');
  mkdirSync(at, { recursive: true });
  const named = Object.entries(files).map(([path, text]) => [`${module}@${version}/${path}`, Buffer.from(text)] as const);
  writeFileSync(join(at, `${version}.info`), JSON.stringify({ Version: version }));
  writeFileSync(join(at, `${version}.mod`), `module ${module}\n`);
  writeFileSync(join(at, `${version}.zip`), storedZip(named));
  return dirhash(named);
}

type NamedFiles = readonly (readonly [name: string, bytes: Buffer])[];

/** Hash1 of golang.org/x/mod/sumdb/dirhash. */
function dirhash(files: NamedFiles): string {
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes);
  const lines = [...files].sort().map(([name, bytes]) => `${sha256(bytes).digest('hex')}  ${name}\n`);
  return `h1:${sha256(lines.join('')).digest('base64')}`;
}

/** PKWARE's APPNOTE 4.3, with nothing compressed. */
function storedZip(files: NamedFiles): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const common = Buffer.alloc(26); // version 1.0, no flags, stored, no time
    common.writeUInt16LE(10, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02\x0a\x00'), common, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  for (const at of [4, 6]) end.writeUInt16LE(files.length, at);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}
