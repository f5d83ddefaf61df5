import { expect, test } from 'vitest';
import type { LastSeen, Manifest } from '../evidence/manifest.ts';
import { whereabouts } from './whereabouts.ts';

const sourceId = 'a'.repeat(64);
const thereId = 'b'.repeat(64);
const checkpoint = { name: 'transship-1', folder: '/var/lib/docker/containers/x/checkpoints/transship-1' };

/** Docker's own path has the one, all others the other. */
const linkUp = 'ip link set dev veth1 up';
const stage = '/run/transship/transship-1';

/** Only what the sentence is made of. */
function ended(outcome: Manifest['outcome'], more: Partial<Manifest>): Manifest {
  return {
    outcome,
    container: { name: 'web', image: 'web', sourceId, destinationId: thereId },
    hosts: { source: { name: 'a' }, destination: { name: 'b' } },
    ...more,
  } as unknown as Manifest;
}

function lost(source: Partial<LastSeen>, destination: Partial<LastSeen> | null = null): Manifest {
  const seen = (host: string, id: string, more: Partial<LastSeen>) => ({ host, id, status: null, checkpoint: null, ...more });
  return ended('lost', {
    lastSeen: { source: seen('a', sourceId, source), destination: destination && seen('b', thereId, destination) },
  });
}

test.each<[string, Manifest, string]>([
  ['moved', ended('migrated', { remains: [] }), 'web runs on b; a holds nothing of it'],
  [
    'moved, with a volume',
    ended('migrated', { remains: [{ host: 'a', what: 'volume data' }] }),
    'web runs on b; a still has volume data',
  ],
  ['rolled back', ended('rolled-back', {}), 'web runs on a (rolled back); b holds nothing of it'],
  [
    'rolled back, not tidied',
    ended('rolled-back', { remains: [{ host: 'b', what: 'what start made (its undoing failed)' }] }),
    'web runs on a (rolled back); b still has what start made (its undoing failed)',
  ],
])('%s', (_case, manifest, line) => {
  expect(whereabouts(manifest)).toBe(line);
});

test.each<[string, Manifest, RegExp]>([
  ['frozen', lost({ status: 'paused' }), /frozen on a.* on a: docker unpause aaaaaaaaaaaa/],
  [
    'frozen, and its link was cut',
    { ...lost({ status: 'paused' }), linkUp },
    /frozen on a.* on a: ip link set dev veth1 up; docker unpause aaaaaaaaaaaa/,
  ],
  [
    "frozen past Docker's own path: its link is down, too",
    { ...lost({ status: 'paused' }), stage },
    /then on a: bash \/run\/transship\/transship-1\/give-up \/run\/transship\/transship-1 after-go/,
  ],
  [
    'dumped and gone: its checkpoint is on the source',
    lost({ status: 'exited', checkpoint }, { status: 'created', checkpoint }),
    /exited on a, and its memory is checkpoint transship-1 on a \(\/var.*\)\. On a: docker start --checkpoint transship-1 aaaaaaaaaaaa$/,
  ],
  [
    'dumped and gone: its checkpoint is on the destination alone',
    lost({ status: 'exited' }, { status: 'created', checkpoint }),
    /On b: docker start --checkpoint transship-1 bbbbbbbbbbbb$/,
  ],
  ['dumped, and no checkpoint is left', lost({ status: 'exited' }), /no checkpoint of it was found, so its memory is lost/],
  [
    'runs on the destination, which could not be stopped',
    lost({ status: 'paused' }, { status: 'running' }),
    /Keep one of them: .*, then on a: docker unpause aaaaaaaaaaaa\./,
  ],
  [
    'runs on the destination, which could not be stopped, and its link was cut here',
    { ...lost({ status: 'paused' }, { status: 'running' }), linkUp },
    /Keep one of them: .*, then on a: ip link set dev veth1 up; docker unpause aaaaaaaaaaaa\./,
  ],
  [
    "runs on the destination past Docker's own path",
    { ...lost({ status: 'paused' }, { status: 'running' }), stage },
    /Keep one of them: .*, then on a: bash \/run\/transship\/transship-1\/give-up \/run\/transship\/transship-1 after-go\./,
  ],
  [
    'the source does not answer',
    { ...lost({}), linkUp },
    /a could not be asked\. Nothing of it was removed.* on a: docker ps -a; paused: ip link set dev veth1 up; docker unpause aaaaaaaaaaaa; exited/,
  ],
  [
    "the source does not answer, past Docker's own path",
    { ...lost({}), stage },
    /a could not be asked\. .*, then on a: bash \/run\/transship\/transship-1\/give-up \/run\/transship\/transship-1 after-go \(/,
  ],
])('lost: %s', (_case, manifest, line) => {
  expect(whereabouts(manifest)).toMatch(line);
  expect(whereabouts(manifest)).not.toContain('holds nothing');
  if (manifest.stage !== undefined) expect(whereabouts(manifest)).not.toMatch(/unpause|runc|docker checkpoint/);
});

test('halves: both ways that remain, as they are to be typed', () => {
  const line = whereabouts(ended('halves-kept', { run: 'r7' }));
  expect(line).toMatch(
    /Two ways remain: mend the link .*\(transship recover r7 --go-on\), or .*\(transship recover r7 --go-back\)$/,
  );
});

test('halves, and the rest of the memory is lost: the one way', () => {
  const line = whereabouts(ended('halves-kept', { run: 'r7', isMemoryLost: true }));
  expect(line).toMatch(/one way remains: .*\(transship recover r7 --go-back\)$/);
  expect(line).not.toContain('--go-on');
});
