import fc from 'fast-check';

/** One change to bytes: at a place, so many dropped, these put there. */
type Edit = readonly [at: number, drop: number, put: Uint8Array];

/** Edits of any bytes, and then a length to cut at (a share of 1000; mostly not cut). */
export interface Mutation {
  readonly edits: readonly Edit[];
  readonly cut: number;
}

/** What parsers stumble over: signs of the grammar, numbers at the edge of their range. */
const spicy = [
  ...['\n', '\r\n', '\0', '(99999.999999) ', '(00.', ') ', 'pie: 1: ', '(429496729) ', 'Error (criu/x.c:1): '],
  ...[
    'Dumping task (pid: 1)\n',
    'Restore finished successfully\n',
    ' 999999: ',
    '\u00ff\u00ff\u00ff\u00ff',
    '\u0000\u0000\u0000\u0080',
  ],
].map((text) => Buffer.from(text, 'latin1'));

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  edits: fc.array(
    fc.tuple(
      fc.nat(1_000_000),
      fc.oneof(fc.nat(8), fc.nat(4000)),
      fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...spicy)),
    ),
    { maxLength: 10 },
  ),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(1000) }, { weight: 1, arbitrary: fc.nat(1000) }),
});

export function mutated(bytes: Uint8Array, { edits, cut }: Mutation): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (const [place, drop, put] of edits) {
    const at = Math.floor((place / 1_000_001) * (result.byteLength + 1));
    result = Buffer.concat([result.subarray(0, at), put, result.subarray(at + drop)]);
  }
  return result.subarray(0, Math.ceil((result.byteLength * cut) / 1000));
}
