/**
 * The table by which Go's runtime names functions in its own stack traces; stripping leaves it there. Its layout, the same from Go 1.20 to
 * 1.26: src/runtime/symtab.go (`pcHeader`, `functab`), src/internal/abi/symtab.go (`CurrentPCLnTabMagic`), read as debug/gosym/pclntab.go
 * reads it; written by cmd/link/internal/ld/pcln.go.
 */
import { readOne } from './byte-source.ts';
import { type Elf, type Section, sectionAt, sectionNamed, stringAt, toNumber, unusable } from './elf.ts';

export interface GoFunction {
  /** As the linker has it: `github.com/docker/docker/daemon.(*Daemon).CheckpointCreate`. */
  readonly name: string;
  readonly address: number;
  /** Up to the next function: what fills the room between the two is in it. */
  readonly bytes: number;
}

/** Magic, two zeros, the smallest instruction of x86, the size of a pointer: Go 1.20 and later; Go 1.18 differs in the magic alone. */
const beginnings = [Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]), Buffer.from([0xf0, 0xff, 0xff, 0xff, 0, 0, 1, 8])];
const field = { functions: 8, textStart: 24, names: 32, table: 64 } as const;
const headerBytes = 72;
/** `moduledata.text`, in runtime/symtab.go: a pointer, five slices, one more, and three words stand before it. */
const moduleTextOffset = 176;

interface Table {
  readonly bytes: Buffer;
  readonly address: number;
}

/**
 * Every function of a Go program, in the order of their addresses.
 * @throws TransshipError `not-ready`: it has no such table, or one of a kind that is not known
 */
export async function readFunctions(elf: Elf): Promise<readonly GoFunction[]> {
  const table = await findTable(elf);
  const { bytes } = table;
  const count = toNumber(bytes.readBigUInt64LE(field.functions));
  const [names, entries] = [field.names, field.table].map((at) => toNumber(bytes.readBigUInt64LE(at))) as [number, number];
  // each 4 bytes of address and 4 of where its record is; one address more ends the last function
  if (entries + count * 8 + 4 > bytes.length) throw unusable(elf.source, 'its table of functions (pclntab) is cut short');
  const text = await textStart(elf, table);
  return Array.from({ length: count }, (_, index) => {
    const at = entries + index * 8;
    const [entry, record] = [bytes.readUInt32LE(at), entries + bytes.readUInt32LE(at + 4)];
    const name = record + 8 > bytes.length ? -1 : names + bytes.readInt32LE(record + 4);
    if (name < 0 || name >= bytes.length) throw unusable(elf.source, 'its table of functions (pclntab) is damaged');
    return { name: stringAt(bytes, name), address: text + entry, bytes: bytes.readUInt32LE(at + 8) - entry };
  });
}

/** A section of its own; in a program that can be loaded anywhere it may lie among the data. */
async function findTable({ source, sections }: Elf): Promise<Table> {
  const likely = sections.filter(({ name }) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab');
  for (const section of likely.length > 0 ? likely : sections.filter(({ name }) => name === '.data.rel.ro')) {
    const bytes = await readOne(source, section.offset, section.bytes);
    const at = beginnings.map((beginning) => bytes.indexOf(beginning)).find((found) => found >= 0);
    if (at !== undefined && at + headerBytes <= bytes.length) return { bytes: bytes.subarray(at), address: section.address + at };
  }
  throw unusable(source, 'it has no table of functions (pclntab) of Go 1.18 or later');
}

/** Go 1.26 has left it out of the table: then the runtime's own description of the program tells it, in a section of its own. */
async function textStart(elf: Elf, { bytes, address }: Table): Promise<number> {
  const plain = toNumber(bytes.readBigUInt64LE(field.textStart)) || (await relocated(elf, address + field.textStart));
  if (plain > 0) return plain;
  const module = sectionNamed(elf, '.go.module');
  if (module !== undefined) {
    const word = await readOne(elf.source, module.offset + moduleTextOffset, 8);
    const told =
      (word.length === 8 && toNumber(word.readBigUInt64LE(0))) || (await relocated(elf, module.address + moduleTextOffset));
    if (told > 0) return told;
  }
  throw unusable(elf.source, 'nothing tells where its code begins');
}

/** R_X86_64_RELATIVE, of the x86-64 psABI, "Relocation Types": the loader adds where it has put the program. */
const relative = 8n;
const relocationBytes = 24;

/** What the loader will put at an address, told from the program's beginning; 0: nothing. */
async function relocated(elf: Elf, address: number): Promise<number> {
  const section: Section | undefined = sectionNamed(elf, '.rela.dyn');
  if (section === undefined || sectionAt(elf, address) === undefined) return 0;
  const table = await readOne(elf.source, section.offset, section.bytes);
  const wanted = BigInt(address);
  for (let at = 0; at + relocationBytes <= table.length; at += relocationBytes) {
    if (table.readBigUInt64LE(at) === wanted && table.readBigUInt64LE(at + 8) === relative)
      return toNumber(table.readBigUInt64LE(at + 16));
  }
  return 0;
}
