import { array, assert, integer, property, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { frameReader } from './frame-reader.ts';

test('wherever the stream is cut, the answer is whole and the end is found at its end', () => {
  const body = uint8Array({ maxLength: 300 });
  const cuts = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 });
  void assert(
    property(body, integer({ min: 0, max: 255 }), cuts, (bytes, status, sizes) => {
      const stream = Buffer.concat([bytes, Buffer.from(`\nMARK ${status}\n`)]);
      const read = frameReader('MARK');
      let at = 0;
      for (let turn = 0; ; turn += 1) {
        const next = at + (sizes[turn % sizes.length] ?? 1);
        const frame = read(stream.subarray(at, next));
        at = next;
        if (frame === null) continue;
        expect({ body: [...frame.body], status: frame.status }).toEqual({ body: [...bytes], status });
        expect(at).toBeGreaterThanOrEqual(stream.length);
        return;
      }
    }),
  );
});

test('without the end there is no answer', () => {
  const read = frameReader('MARK');
  expect(read(Buffer.from('text\nMARK 1'))).toBeNull();
  expect(read(Buffer.from('2\n'))).toEqual({ body: Buffer.from('text'), status: 12 });
});
