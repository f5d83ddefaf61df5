import { expect, test } from 'vitest';
import { readCase, recordedCases } from '../../../test/recorded/criu-cases.ts';
import { gapCauseOf } from './gap-causes.ts';

test('of all silence in all recordings, nearly all is known for what it is', () => {
  let sumUs = 0;
  let knownUs = 0;
  for (const { digest } of recordedCases.filter((name) => name !== 'g-rst-truncated-pages').flatMap(readCase)) {
    for (const gap of digest.gaps) {
      sumUs += gap.durationUs;
      if (gapCauseOf(digest.kind, gap) !== null) knownUs += gap.durationUs;
    }
  }
  expect(sumUs).toBeGreaterThan(10_000_000);
  expect(knownUs / sumUs).toBeGreaterThan(0.97);
});

test.each([
  ['dump', 'freezer.state=FREEZING', 'freezer.state=FROZEN', /freezer, which it asks every 100 ms/],
  ['restore', 'Preadv 0x7f:4096... (2 iovs)', '`- returned 4096', /all pages of a task/],
  ['restore', '\tRPC', 'seccomp: mode 0 on tid 1', /iptables-restore/],
  ['restore', '\tRPC', 'mnt: Switching to new ns to clean ghosts', /the engine .* to answer/],
  ['dump', 'page-xfer: \tp 0x7f80 [1024]', 'page-xfer: \tbuf 1/1', /writes pages/],
  ['dump', 'page-xfer: Disconnect from the page server', 'Running post-dump scripts', /cork timer/],
] as const)('%s: %j to %j', (kind, before, after, what) => {
  expect(gapCauseOf(kind, { before, after, startUs: 0, durationUs: 1, line: 1 })?.what).toMatch(what);
});

test('what is not known is not guessed', () => {
  expect(gapCauseOf('dump', { before: 'a', after: 'b', startUs: 0, durationUs: 1, line: 1 })).toBeNull();
});
