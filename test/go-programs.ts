import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ByteSource } from '../src/uprobes/byte-source.ts';

const folder = join(import.meta.dirname, 'recorded/go-programs');
export const goPrograms = ['exe-1.24', 'pie-1.24', 'exe-1.26', 'pie-1.26'] as const;
export type GoProgramName = (typeof goPrograms)[number];

/** test/recorded/go-programs/README.md */
export function goProgram(name: GoProgramName): Buffer {
  return gunzipSync(readFileSync(join(folder, `${name}.elf.gz`)));
}

export function sourceOf(bytes: Buffer, name = 'tiny'): ByteSource {
  return { name, read: async (ranges) => ranges.map((each) => bytes.subarray(each.offset, each.offset + each.bytes)) };
}

/** What binutils say of the same program: name, address, addresses of its `ret`. */
export function toldByBinutils(program: GoProgramName): readonly (readonly [string, number, readonly number[]])[] {
  return readFileSync(join(folder, 'returns.txt'), 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([name]) => name === program)
    .map(([, name = '', ...addresses]) => {
      const [address = 0, ...returns] = addresses.map((each) => Number.parseInt(each, 16));
      return [name, address, returns] as const;
    });
}
