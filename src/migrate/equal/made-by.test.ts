import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../hosts/host.ts';
import { makeVolumes, undoVolumes } from '../whole/volumes.ts';
import type { VolumePlan } from '../whole/volumes-plan.ts';
import { makeNetworks, type NetworkPlan, undoNetworks } from './networks.ts';

interface Thing {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** As dockerd has it: a volume that is there is taken for the one to be made, a network is refused (API 1.44). */
function hostWith({ volumes = [], networks = [] }: { volumes?: Thing[]; networks?: Thing[] }) {
  const error = (statusCode: number, words: string) => Object.assign(new Error(words), { statusCode });
  const getIn = (list: Thing[], name: string) => ({
    inspect: async () => {
      const found = list.find(({ Name }) => Name === name);
      if (found === undefined) throw error(404, 'no such');
      return { ...found, Id: name };
    },
    remove: async () => void list.splice(0, list.length, ...list.filter(({ Name }) => Name !== name)),
  });
  const docker = {
    getVolume: (name: string) => getIn(volumes, name),
    createVolume: async (made: Thing) => {
      if (!volumes.some(({ Name }) => Name === made.Name)) volumes.push(made);
      return getIn(volumes, made.Name);
    },
    getNetwork: (name: string) => getIn(networks, name),
    createNetwork: async (made: Thing) => {
      if (networks.some(({ Name }) => Name === made.Name)) throw error(409, `network with name ${made.Name} already exists`);
      networks.push(made);
    },
  };
  return { name: 'b', docker } as unknown as Host;
}

const checkpoint = 'transship-0123abcd';
const theirs = (Name: string): Thing => ({ Name, Labels: { owner: 'somebody' } });
const names = (things: readonly Thing[]) => things.map(({ Name }) => Name);

const volume = (name: string, more: Partial<VolumePlan> = {}): VolumePlan => ({
  type: 'volume',
  place: `/${name}`,
  from: `/var/lib/docker/volumes/${name}/_data`,
  name,
  isAnonymous: false,
  isFile: false,
  mode: 'copy',
  make: { kind: 'volume', driver: 'local', options: {}, labels: { k: 'v' } },
  ...more,
});

describe('volumes', () => {
  test('what was made is undone, by another process too, which knows the plan alone', async () => {
    const volumes = [theirs('other')];
    const host = hostWith({ volumes });
    const plans = [volume('data'), volume('data', { place: '/again' })];
    await makeVolumes(host, plans, checkpoint);
    expect(volumes[1]).toMatchObject({ Name: 'data', Labels: { k: 'v', 'transship.checkpoint': checkpoint } });
    await undoVolumes(host, plans, checkpoint);
    expect(names(volumes)).toEqual(['other']);
  });

  test('one that somebody has made since the plan is neither copied into nor removed', async () => {
    const volumes = [theirs('data')];
    const host = hostWith({ volumes });
    const plans = [volume('first'), volume('data')];
    await expect(makeVolumes(host, plans, checkpoint)).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringMatching(/^b: volume data has been made there by somebody else since the plan/),
    });
    await undoVolumes(host, plans, checkpoint);
    expect(volumes).toEqual([theirs('data')]);
  });

  test('an undo whose making was never reached removes nothing, nor what another move has made', async () => {
    const volumes: Thing[] = [theirs('data'), { Name: 'more', Labels: { 'transship.checkpoint': 'transship-ffffffff' } }];
    await undoVolumes(hostWith({ volumes }), [volume('data'), volume('more')], checkpoint);
    expect(names(volumes)).toEqual(['data', 'more']);
  });

  test('data that lies elsewhere is shared with whoever has named it meanwhile', async () => {
    const volumes = [theirs('nfs')];
    const host = hostWith({ volumes });
    await makeVolumes(host, [volume('nfs', { mode: 'shared' })], checkpoint);
    await undoVolumes(host, [volume('nfs', { mode: 'shared' })], checkpoint);
    expect(volumes).toEqual([theirs('nfs')]);
  });
});

describe('networks', () => {
  const plan: NetworkPlan = { create: [{ Name: 'front' }, { Name: 'back', Labels: { k: 'v' } }], fixed: [], unequal: [] };

  test('what was made is undone', async () => {
    const networks = [theirs('other')];
    const host = hostWith({ networks });
    await makeNetworks(host, plan, checkpoint);
    expect(networks[2]).toMatchObject({ Name: 'back', Labels: { k: 'v', 'transship.checkpoint': checkpoint } });
    await undoNetworks(host, plan, checkpoint);
    expect(networks).toEqual([theirs('other')]);
  });

  test('one that somebody has made since the plan is refused, and stays', async () => {
    const networks = [theirs('back')];
    const host = hostWith({ networks });
    await expect(makeNetworks(host, plan, checkpoint)).rejects.toMatchObject({
      code: 'not-ready',
      message: 'b: network back has been made there by somebody else since the plan',
    });
    await undoNetworks(host, plan, checkpoint);
    expect(networks).toEqual([theirs('back')]);
  });
});

test('a folder that has come since the plan is neither copied into nor removed; one that two mounts have is made by the first', async () => {
  const root = mkdtempSync(join(tmpdir(), 'transship-made-'));
  try {
    mkdirSync(join(root, 'run'));
    const shell = {
      run: async (command: string) => {
        try {
          const stdout = execFileSync('sh', ['-c', command.replaceAll('/run/transship', `${root}/run`)], { encoding: 'utf8' });
          return { exitCode: 0, stdout, stderr: '' };
        } catch (error) {
          return { exitCode: (error as { status: number }).status, stdout: '', stderr: '' };
        }
      },
    };
    const host = { name: 'b', shell } as unknown as Host;
    const bind = (path: string, mark: string): VolumePlan =>
      volume(mark, { type: 'bind', name: null, from: join(root, path), make: { kind: 'path', mark } });
    const plans = [bind('srv/deep/data', 'a1'), bind('srv/deep/data', 'a2'), bind('theirs', 'a3')];
    mkdirSync(join(root, 'theirs'));
    writeFileSync(join(root, 'theirs/file'), 'kept');
    await expect(makeVolumes(host, plans, checkpoint)).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringContaining(`b: ${root}/theirs has been made there by somebody else`),
    });
    expect(existsSync(join(root, 'srv/deep/data'))).toBe(true);
    await undoVolumes(host, plans, checkpoint);
    expect(existsSync(join(root, 'srv'))).toBe(false);
    expect(readFileSync(join(root, 'theirs/file'), 'utf8')).toBe('kept');
  } finally {
    rmSync(root, { recursive: true });
  }
});
