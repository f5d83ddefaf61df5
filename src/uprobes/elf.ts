import { TransshipError } from '../error.ts';
import { type ByteSource, readOne } from './byte-source.ts';

/** Of the ELF specification, "Sections": what is needed to find one and what lies at an address. */
export interface Section {
  readonly name: string;
  readonly address: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface Elf {
  readonly source: ByteSource;
  readonly sections: readonly Section[];
}

const sectionHeaderBytes = 64;
/** e_machine EM_X86_64 */
const machineX64 = 62;
/** sh_type SHT_NOBITS: it has no bytes in the file. */
const noBits = 8;
/** sh_flags SHF_ALLOC: it is there when the program runs. */
const isLoaded = 2n;

/**
 * Reads the headers of a program (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html, chapters 4 and "Sections").
 * @throws TransshipError `not-ready`: no ELF of 64 bits for x86-64, or without section headers
 */
export async function readElf(source: ByteSource): Promise<Elf> {
  const header = await readOne(source, 0, 64);
  const isElf64 = header.length === 64 && header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  if (!isElf64) throw unusable(source, 'it is no ELF file of 64 bits');
  const machine = header.readUInt16LE(18);
  if (machine !== machineX64) throw unusable(source, `it is for machine ${machine}, and instructions are known of x86-64 alone`);
  const count = header.readUInt16LE(60);
  const headers = await readOne(source, toNumber(header.readBigUInt64LE(40)), count * sectionHeaderBytes);
  if (count === 0 || headers.length < count * sectionHeaderBytes) throw unusable(source, 'it has no section headers');
  const all = Array.from({ length: count }, (_, at) => headers.subarray(at * sectionHeaderBytes, (at + 1) * sectionHeaderBytes));
  const names = all[header.readUInt16LE(62)];
  const text = names === undefined ? Buffer.alloc(0) : await readOne(source, fileOffset(names), fileBytes(names));
  const loaded = all.filter((each) => each.readUInt32LE(4) !== noBits && (each.readBigUInt64LE(8) & isLoaded) !== 0n);
  return {
    source,
    sections: loaded.map((each) => ({
      name: stringAt(text, each.readUInt32LE(0)),
      address: toNumber(each.readBigUInt64LE(16)),
      offset: fileOffset(each),
      bytes: fileBytes(each),
    })),
  };
}

export function sectionNamed({ sections }: Elf, name: string): Section | undefined {
  return sections.find((section) => section.name === name);
}

export function sectionAt({ sections }: Elf, address: number): Section | undefined {
  return sections.find((section) => section.address <= address && address < section.address + section.bytes);
}

/** Text up to its NUL. */
export function stringAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end);
}

export function unusable({ name }: Pick<ByteSource, 'name'>, why: string): TransshipError {
  return new TransshipError('not-ready', `${name}: no uprobes: ${why}`, 'migrate without --probes');
}

function fileOffset(header: Buffer): number {
  return toNumber(header.readBigUInt64LE(24));
}

function fileBytes(header: Buffer): number {
  return toNumber(header.readBigUInt64LE(32));
}

/** Addresses and sizes of programs are far below 2^53; what is not is damaged, and found nowhere. */
export function toNumber(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.MAX_SAFE_INTEGER;
}
