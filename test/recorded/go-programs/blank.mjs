// node blank.mjs PROGRAM OUT - a Go program with zeros wherever finding its functions needs nothing: a tenth of its size when packed.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { readElf, sectionNamed } from '../../../dist/src/uprobes/elf.js';
import { readFunctions } from '../../../dist/src/uprobes/pclntab.js';

const [program, out] = process.argv.slice(2);
const file = readFileSync(program);
const kept = Buffer.alloc(file.length);
const keep = (offset, bytes) => file.copy(kept, offset, offset, offset + bytes);
const source = {
  name: program,
  read: async (ranges) =>
    ranges.map(({ offset, bytes }) => {
      const isTable = bytes > 100_000 && file.indexOf(Buffer.from([0xff, 0xff, 0xff, 0, 0, 1, 8]), offset) < offset + bytes;
      if (!isTable) keep(offset, bytes);
      return file.subarray(offset, offset + bytes);
    }),
};
const elf = await readElf(source);
const functions = await readFunctions(elf);
// the table: header, names, where functions begin, and of each its name's place
const magic = [0xf0, 0xf1].map((first) => file.indexOf(Buffer.from([first, 0xff, 0xff, 0xff, 0, 0, 1, 8]))).find((at) => at >= 0);
const [count, names, units, table] = [8, 32, 40, 64].map((at) => Number(file.readBigUInt64LE(magic + at)));
keep(magic, 72);
keep(magic + names, units - names);
keep(magic + table, count * 8 + 8);
for (let index = 0; index < count; index += 1) {
  keep(magic + table + file.readUInt32LE(magic + table + index * 8 + 4), 8);
}
const text = sectionNamed(elf, '.text');
for (const { name, address, bytes } of functions)
  if (name.startsWith('main.')) keep(address - text.address + text.offset, bytes);
writeFileSync(out, gzipSync(kept, { level: 9 }));
console.log(out, file.length, functions.length);
