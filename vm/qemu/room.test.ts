import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { requireMemory, requireRoom } from './room.ts';

test('a file system without room for virtual machines is named, with what is free; the folder need not be there', () => {
  expect(() => requireRoom(`${tmpdir()}/not/there`, 1)).not.toThrow();
  expect(() => requireRoom('/var/cache/transship-none', 1e18)).toThrow(
    expect.objectContaining({
      code: 'not-ready',
      message: expect.stringMatching(/^\/var\/cache\/transship-none: [\d.]+ GB are free; /),
    }),
  );
});

test('more memory for the guests than the machine has', () => {
  expect(() => requireMemory(1024, 4 * 2 ** 30)).not.toThrow();
  expect(() => requireMemory(1024, 2 ** 31)).toThrow(
    expect.objectContaining({ code: 'not-ready', message: 'two virtual machines of 1024 MiB: this machine has 2048 MiB' }),
  );
});
