import { describe, expect, test } from 'vitest';
import { createGapLog, type Gap, gapMs } from './gap-log.ts';
import { createIntervalHistogram } from './interval-histogram.ts';
import { protocolOf } from './protocol.ts';
import { parseRetransmits } from './retransmits.ts';

/** `a` is the source, `b` the destination; `a 5` is an answer of a at 5 ms. */
function logOf(answers: string) {
  const told: Gap[] = [];
  const log = createGapLog({ destination: 'b', thresholdMs: 20, onGap: (gap) => told.push(gap) });
  for (const word of answers.split(', ')) {
    const [target = '', at] = word.split(' ');
    log.add({ target, sentMs: Number(at) - 1, atMs: Number(at) }, 0);
  }
  return { log, told: told.map((gap) => `${gap.from.target} ${gap.from.atMs} > ${gap.to.target} ${gap.to.atMs}`) };
}

describe('gaps between answers', () => {
  test('the move is from the last of the source to the first of the destination, also beside a longer silence', () => {
    const { log, told } = logOf('a 1, a 2, a 500, a 501, b 700, b 701');
    expect(told).toEqual(['a 2 > a 500', 'a 501 > b 700']);
    expect(log.longest && gapMs(log.longest)).toBe(498);
    expect(log.move && gapMs(log.move)).toBe(199);
    expect(log.othersAfterMove).toBe(0);
  });

  test('a source that answers after the destination did is counted', () => {
    expect(logOf('a 1, b 50, b 51, a 52, a 53, b 54').log.othersAfterMove).toBe(2);
  });

  test('a destination that answered alone has seen no move', () => {
    expect(logOf('b 1, b 50').log.move).toBeNull();
  });
});

test('quantiles are right to 10 µs, and what is longer than 100 ms is not lost', () => {
  const histogram = createIntervalHistogram();
  expect(histogram.quantileUs(0.99)).toBe(0);
  for (let i = 0; i < 98; i += 1) histogram.add(1.004);
  histogram.add(7);
  histogram.add(5_000);
  expect([0.5, 0.99, 1].map(histogram.quantileUs)).toEqual([1_010, 7_010, 100_010]);
});

test.each([1, 3, 1_000])('answers that come in pieces of %i bytes are counted once', (size) => {
  const count = (name: 'redis' | 'http', text: string): number => {
    const answers = protocolOf(name, 'h:1').countAnswers();
    const bytes = Buffer.from(text);
    let sum = 0;
    for (let at = 0; at < bytes.length; at += size) sum += answers(bytes.subarray(at, at + size));
    return sum;
  };
  expect(count('redis', '+PONG\r\n-NOAUTH Authentication required.\r\n+PO')).toBe(2);
  expect(count('http', 'HTTP/1.1 200 OK\r\nA: b\r\n\r\nHTTP/1.1 404 Not Found\r\nC: d\r\r\n\r\nHTTP/1.1 200')).toBe(2);
});

test.each([
  ['ESTAB 0 0 10.0.0.9:40000 10.0.0.1:6379 cubic rto:201 rtt:0.04/0.01 bytes_sent:10 lastsnd:4', { lost: 0, needless: 0 }],
  [
    'ESTAB 0 6 10.0.0.9:40000 10.0.0.1:6379 cubic rto:804 backoff:2 bytes_retrans:18 retrans:1/3 lost:1',
    { lost: 3, needless: 0 },
  ],
  ['ESTAB 0 0 10.0.0.9:40000 10.0.0.1:6379 bbr bytes_retrans:18 retrans:0/3 dsack_dups:2', { lost: 1, needless: 2 }],
  ['', null],
])('ss says %j: %o was sent again', (text, expected) => {
  expect(parseRetransmits(text)).toEqual(expected);
});
