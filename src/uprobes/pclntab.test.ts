import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goProgram, goPrograms, sourceOf, toldByBinutils } from '../../test/go-programs.ts';
import { TransshipError } from '../error.ts';
import { codePlaces } from './code-places.ts';
import { readElf, sectionAt } from './elf.ts';
import { type GoFunction, readFunctions } from './pclntab.ts';

async function functionsOf(bytes: Buffer): Promise<readonly GoFunction[]> {
  return readFunctions(await readElf(sourceOf(bytes)));
}

describe.each(goPrograms)('a stripped program: %s', (program) => {
  const bytes = goProgram(program);
  const told = toldByBinutils(program);

  test('its functions are where the symbols were before it was stripped', async () => {
    const functions = await functionsOf(bytes);
    expect(functions.length).toBeGreaterThan(1500);
    const isWritten = (name: string) => name.startsWith('main.') && !name.includes('.deferwrap');
    const own = functions.filter(({ name }) => isWritten(name)).map(({ name, address }) => [name, address]);
    expect(own).toEqual(expect.arrayContaining(told.map(([name, address]) => [name, address])));
    expect(own).toHaveLength(told.length);
  });

  test('every return that objdump finds, and no other', async () => {
    const elf = await readElf(sourceOf(bytes));
    const functions = await readFunctions(elf);
    for (const [name, address, returns] of told) {
      const { bytes: length } = functions.find((each) => each.name === name) as GoFunction;
      const text = sectionAt(elf, address);
      const offset = address - (text?.address ?? 0) + (text?.offset ?? 0);
      const places = codePlaces(bytes.subarray(offset, offset + length));
      if (name === 'main.never') expect(places).toBe('it never returns');
      else expect((places as { returns: readonly number[] }).returns.map((at) => address + at)).toEqual(returns);
    }
  });

  test.each([0, 63, 64, 4_000, 100_000])('cut after %i bytes: said with its name', async (length) => {
    await expect(functionsOf(bytes.subarray(0, length))).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringMatching(/^tiny: no uprobes: it/),
    });
  });

  test('damaged anywhere: an error of ours or other functions, never another error', async () => {
    const place = fc.record({ at: fc.nat(bytes.length - 1), to: fc.integer({ min: 1, max: 255 }) });
    const near = fc.record({ at: fc.nat(6_000), to: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(place, near), { minLength: 1, maxLength: 20 }), async (damages) => {
        const damaged = Buffer.from(bytes);
        for (const { at, to } of damages) damaged[at] = (damaged[at] ?? 0) ^ to;
        const error = await functionsOf(damaged).then(
          () => null,
          (thrown) => thrown,
        );
        if (error !== null) expect(error).toBeInstanceOf(TransshipError);
      }),
      { numRuns: 40 },
    );
  });
});

test.each([
  ['a script', Buffer.from(`#!/bin/sh\n${'#'.repeat(100)}`), 'it is no ELF file of 64 bits'],
  ['another machine’s program', changed(18, 183), 'it is for machine 183'],
  ['a program without Go’s table', withoutTable(), 'it has no table of functions (pclntab) of Go 1.18 or later'],
])('%s', async (_, bytes, why) => {
  await expect(functionsOf(bytes)).rejects.toMatchObject({ code: 'not-ready', message: expect.stringContaining(why) });
});

function changed(at: number, to: number): Buffer {
  const bytes = goProgram('exe-1.24');
  bytes[at] = to;
  return bytes;
}

function withoutTable(): Buffer {
  const bytes = goProgram('exe-1.24');
  bytes[bytes.indexOf(Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]))] = 0;
  return bytes;
}
