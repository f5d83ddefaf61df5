import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../../evidence/manifest.ts';
import { readMovePlan } from '../../evidence/move-plan.ts';
import { readManifest } from '../../evidence/open-run.ts';
import { createRun, type RunFolder, writeManifest } from '../../evidence/run-folder.ts';
import { thisController } from '../controller.ts';
import { keepPlan, planAgain } from '../kept-plan.ts';
import type { Move } from '../step.ts';
import { lookAtRun } from './open.ts';

let root = '';
let folder: RunFolder;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-test-'));
  folder = createRun('r1', root);
  putManifest({});
});

afterEach(() => rmSync(root, { recursive: true }));

function putManifest(more: Partial<Manifest>): void {
  writeManifest(folder, {
    ...{ schema: 'transship.run/1', run: 'r1', kind: 'migration', traceId: 'ab'.repeat(16), transship: '0.1.0' },
    ...{ createdNs: '1', endedNs: null, strategy: 'docker', container: null, hosts: { source: null, destination: null } },
    ...{ clocks: [], outcome: null, error: null, warnings: [], probes: [] },
    ...{ bytes: { images: null, pages: null, layer: null, volumes: null }, ...more },
  } as Manifest);
}

const mark = { stage: null, criuFolder: null, dockerRoot: '/var/lib/docker', dockerdLog: null, sinceNs: 5n };
const id = 'c'.repeat(64);

/** Of a container that has secrets wherever one can be. */
function keep(): void {
  const Env = ['PASSWORD=hunter2'];
  const move = {
    ...{
      source: { name: 'a', endpoint: 'test:a' },
      destination: { name: 'b', endpoint: 'test:b' },
      route: { ssh: 'ssh b' },
      folder,
    },
    plan: {
      container: { name: 'web', id },
      inspect: { Id: id, Config: { Env, Cmd: ['--token=hunter2'] }, HostConfig: { AutoRemove: true } },
      options: { strategy: 'docker', isPlain: false },
      image: { id: 'sha256:1', isMissing: true, tag: 'web', reference: 'web', sizeBytes: 5, unequal: null },
      create: { name: 'web', options: { Env, Image: 'web' }, restartPolicy: { Name: 'always', MaximumRetryCount: 0 } },
      networks: { create: [{ Name: 'net', Options: { key: 'hunter2' } }] },
      volumes: [
        {
          ...{ type: 'volume', place: '/data', from: '/v', name: 'data', isAnonymous: false, isFile: false, mode: 'copy' },
          make: { kind: 'volume', driver: 'cifs', options: { o: 'password=hunter2' }, labels: {} },
        },
      ],
      checkpoint: 'transship-0a0b0c0d',
    },
  } as unknown as Move;
  keepPlan(move, { source: mark, destination: mark } as unknown as Parameters<typeof keepPlan>[1]);
}

function editPlan(change: (plan: Record<string, unknown>) => void): void {
  const file = join(folder.path, 'plan.json');
  const plan = JSON.parse(readFileSync(file, 'utf8'));
  change(plan);
  writeFileSync(file, JSON.stringify(plan));
}

describe('what is kept of a plan', () => {
  test('tells no secret, and is enough to undo by', () => {
    keep();
    expect(readFileSync(join(folder.path, 'plan.json'), 'utf8')).not.toContain('hunter2');
    const kept = readMovePlan(folder);
    expect(kept && planAgain(kept)).toMatchObject({
      container: { name: 'web', id },
      inspect: { HostConfig: { AutoRemove: true } },
      image: { isMissing: true, tag: 'web' },
      create: { name: 'web', options: { Image: 'web' }, restartPolicy: { Name: 'always' } },
      networks: { create: [{ Name: 'net' }] },
      volumes: [{ name: 'data', mode: 'copy', make: { kind: 'volume' } }],
    });
  });

  test.each<[string, () => void, RegExp]>([
    ['empty', () => writeFileSync(join(folder.path, 'plan.json'), ''), /plan\.json: Unexpected end/],
    ['of another schema', () => editPlan((plan) => (plan.schema = 'transship.plan/9')), /plan\.json: .*schema/s],
    ['with a checkpoint that a shell would obey', () => editPlan((plan) => (plan.checkpoint = '$(reboot)')), /checkpoint/],
  ])('%s: said, and where', (_what, spoil, message) => {
    keep();
    spoil();
    expect(() => readMovePlan(folder)).toThrow(message);
  });
});

describe('a run that is looked at', () => {
  const begin = () => writeFileSync(join(folder.path, 'journal.jsonl'), '{}\n');
  const orphan = () => editPlan((plan) => (plan.controller = { ...thisController(), start: '1' }));

  test('while its controller lives: refused', () => {
    keep();
    begin();
    expect(() => lookAtRun(folder)).toThrow(/still under way \(process \d+\)/);
  });

  test('killed in a step: it is open', () => {
    keep();
    begin();
    orphan();
    expect(lookAtRun(folder).kept).not.toBeNull();
  });

  test('killed before its first step: it is closed, as nothing was touched', () => {
    keep();
    orphan();
    expect(lookAtRun(folder)).toMatchObject({ kept: null, manifest: { outcome: 'refused' } });
    expect(readManifest(folder).outcome).toBe('refused');
  });

  test.each(['migrated', 'rolled-back', 'refused'] as const)('ended as %s: nothing to do', (outcome) => {
    keep();
    putManifest({ outcome });
    expect(lookAtRun(folder).kept).toBeNull();
  });

  test.each(['lost', 'halves-kept'] as const)('ended as %s, with somebody still to decide: it is taken up again', (outcome) => {
    keep();
    begin();
    putManifest({ outcome });
    expect(lookAtRun(folder).kept).not.toBeNull();
  });

  test('an import: refused', () => {
    putManifest({ kind: 'import' });
    expect(() => lookAtRun(folder)).toThrow(/no migration/);
  });
});
