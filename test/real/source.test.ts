import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sourcePaths } from '../../src/catalogue/explanation.ts';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { buildPrograms, goRootOf } from '../../src/instrument/build-programs.ts';
import { type Fetched, fetchSources } from '../../src/instrument/fetch-sources.ts';
import { applyChanges } from '../../src/instrument/file-changes.ts';
import { planInjection, planRemoval } from '../../src/instrument/inject.ts';
import { pathRules } from '../../src/instrument/path-rules.ts';
import { programsOf } from '../../src/instrument/programs.ts';
import { scanSources } from '../../src/instrument/scan.ts';
import { buildOnce } from '../../vm/build-cache.ts';
import { cacheFolder } from '../../vm/places.ts';
import { missingForTestbed } from '../../vm/prerequisites.ts';
import { sourceSets } from '../../vm/versions.ts';
import { workloadImage } from '../../vm/workload-image.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
import { pathModule, pathModuleFile } from '../path-module.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

const missing = missingForTestbed();
const say = (): void => {};
const cheap = ['runc', 'containerd-shim-runc-v2'] as const;

describe.skipIf(missing.length > 0)(`Docker's sources (${missing.join('; ') || 'from the mirror'})`, () => {
  let work = '';
  const fetched = new Map<string, Fetched>();

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'transship-source-'));
    for (const set of sourceSets) fetched.set(set, await fetchSources({ set, checkouts: [], to: null, say }));
  }, 600_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test.each(sourceSets)('%s: what the mirror lacks of it is said each time, also when it was fetched before', async (set) => {
    const { stderr, exitCode } = await transship(['source', 'fetch', set]);
    expect(exitCode).toBe(0);
    for (const warning of fetched.get(set)?.warnings ?? []) expect(stderr).toContain(warning);
  });

  test.each(sourceSets)('%s: every rule finds its function, and every call is still made', async (set) => {
    const { missed, calls, functions } = await scanSources([fetched.get(set)?.folder ?? ''], pathRules);
    const versions = Object.values(sourcePaths[set]?.versions ?? {});
    if (!versions.every((version) => fetched.get(set)?.trees.some((tree) => tree.version === version))) {
      // Debian has moved on since the rules were looked at: what they miss must come with where it may be now
      expect(missed.filter(({ candidates }) => candidates.length === 0).map(({ rule }) => rule.name)).toEqual([]);
      return;
    }
    expect(missed.map(({ rule }) => rule.name)).toEqual([]);
    expect(calls.filter(({ line }) => line === null)).toEqual([]);
    const optional = pathRules.filter(({ isOptional }) => isOptional).length;
    expect(functions.length).toBeGreaterThanOrEqual(pathRules.length - optional);
    expect(new Set(functions.map(({ rule }) => rule.name)).size).toBe(functions.length);
    expect(calls.filter(({ to }) => to === 'criu').map(({ from }) => from)).toEqual([
      'runc.check-criu-version',
      'runc.criu-swrk',
    ]);
  });

  test.each(sourceSets)('%s: src/catalogue/path-*.ts is what a scan finds (npm run docs:path writes it)', async (set) => {
    const made = await pathModule(set, say);
    const kept = readFileSync(pathModuleFile(set), 'utf8');
    const versions = (module: string) => module.slice(module.indexOf('versions:'), module.indexOf('functions:'));
    const withoutLines = (module: string) => module.slice(module.indexOf('functions:')).replaceAll(/line: \d+/g, '');
    // Debian's next version moves lines; it is to be taken in when its functions are others
    if (versions(made) === versions(kept)) expect(made).toBe(kept);
    else expect(withoutLines(made)).toBe(withoutLines(kept));
  });

  test.each(sourceSets)(
    '%s: instrumented, gofmt -e parses it; removed, it is as it was',
    async (set) => {
      const copy = join(work, set);
      const original = fetched.get(set)?.folder ?? '';
      cpSync(original, copy, { recursive: true });
      const { changes } = await planInjection([copy], pathRules, false);
      applyChanges(changes);
      const root = await goRootOf({ set: 'debian13', programs: cheapPrograms(), say });
      const files = changes.map(({ path }) => path.slice(copy.length + 1));
      await inGoRoot(root, copy, ['gofmt', '-e', '-l', ...files]);
      applyChanges(planRemoval(changes.map(({ path }) => path)));
      await execa('diff', ['-r', original, copy]);
      rmSync(copy, { recursive: true });
    },
    600_000,
  );

  test('a full disk: an error with the file, the tree unchanged', async () => {
    const disk = join(work, 'disk');
    mkdirSync(disk);
    const script =
      'mount -t tmpfs -o size=4m tmpfs "$1" && cp -a "$2" "$1/runc" && { cat /dev/zero >"$1/fill" 2>/dev/null; rm -rf "$1/none"; node "$3" source instrument "$1/runc"; status=$?; diff -r "$2" "$1/runc" >&2 && exit $status; exit 99; }';
    const runc = join(fetched.get('debian13')?.folder ?? '', 'src/github.com/opencontainers/runc');
    const command = join(packageRoot(), 'dist/src/cli/main.js');
    const result = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', disk, runc, command], {
      reject: false,
      timeout: 60_000,
    });
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringMatching(/ENOSPC.*the tree is as it was/)]);
  });

  test('a full disk while sources are fetched to it: an error with the place, nothing left there', async () => {
    const disk = join(work, 'little-disk');
    mkdirSync(disk);
    const script =
      'mount -t tmpfs -o size=4m tmpfs "$1"; node "$2" source fetch debian13 --to "$1/x"; status=$?; [ -z "$(ls -A "$1")" ] && exit $status; exit 99';
    const command = join(packageRoot(), 'dist/src/cli/main.js');
    const result = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', disk, command], {
      reject: false,
      timeout: 60_000,
    });
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringMatching(/little-disk\/x: ENOSPC.*nothing of it is left/)]);
  });

  test('a failing compile: the compiler’s words with file and line, nothing kept', async () => {
    const root = await goRootOf({ set: 'debian13', programs: cheapPrograms(), say });
    const gopath = join(work, 'broken');
    mkdirSync(join(gopath, 'src/broken'), { recursive: true });
    writeFileSync(join(gopath, 'src/broken/main.go'), 'package main\n\nfunc main() {\n\tmissing()\n}\n');
    const target = join(work, 'built');
    const script = join(packageRoot(), 'vm/go-build.sh');
    const command = ['sh', script, root, gopath, join(work, 'gocache'), `${target}.partial`, 'broken', '', '', 'broken'];
    await expect(buildOnce({ target, command, what: 'broken', prefix: [], say, hint: 'x' })).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringMatching(/src\/broken\/main\.go:4:2: undefined: missing/),
    });
    await expect(execa('test', ['-e', target])).rejects.toThrow();
  }, 600_000);

  test('no Go toolchain in the tree: said with its place, nothing kept', async () => {
    const root = join(work, 'empty-root');
    mkdirSync(root);
    const target = join(work, 'built-without');
    const script = join(packageRoot(), 'vm/go-build.sh');
    const command = ['sh', script, root, work, join(work, 'gocache'), `${target}.partial`, 'runc', '', '', 'runc'];
    await expect(buildOnce({ target, command, what: 'runc', prefix: [], say, hint: 'x' })).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringContaining(`${root}/usr/bin/go: there is no Go toolchain`),
    });
    await expect(execa('test', ['-e', target])).rejects.toThrow();
  });

  test('go vet passes what is injected into runc and the shim', async () => {
    const copy = join(work, 'vet');
    await fetchSources({ set: 'debian13', checkouts: [], to: copy, say });
    applyChanges((await planInjection([copy], pathRules, false)).changes);
    const root = await goRootOf({ set: 'debian13', programs: cheapPrograms(), say });
    const containerd = 'github.com/containerd/containerd';
    const packages = [
      ...['github.com/opencontainers/runc', 'github.com/opencontainers/runc/libcontainer', 'github.com/containerd/go-runc'],
      ...[`${containerd}/pkg/process`, `${containerd}/runtime/v2/runc`, `${containerd}/runtime/v2/runc/task`],
    ];
    await inGoRoot(root, copy, ['go', 'vet', '-tags', 'seccomp', ...packages]);
  }, 600_000);
});

function cheapPrograms() {
  return programsOf('debian13').filter(({ needsBuildDepends }) => !needsBuildDepends);
}

/** @throws with the command's words when it fails */
async function inGoRoot(root: string, work: string, words: readonly string[]): Promise<void> {
  const goCache = join(cacheFolder, 'gocache-debian13');
  mkdirSync(goCache, { recursive: true });
  await execa('sh', [join(packageRoot(), 'vm/in-go-root.sh'), root, work, goCache, ...words], { timeout: 580_000 });
}

describeOnHosts('an instrumented runc and shim', 'source', (hosts) => {
  const programSums = (host: 'a' | 'b') => onHost(hosts()[host], 'sha256sum /usr/sbin/runc /usr/bin/containerd-shim-runc-v2');

  beforeAll(async () => {
    await buildPrograms({ set: 'debian13', programs: cheap, say });
  }, 1_500_000);

  test('a move by Docker’s own path: one tree from the request to CRIU’s phases, each layer in it', async () => {
    const { a, b } = hosts();
    const stock = await programSums('a');
    for (const host of ['a', 'b'] as const)
      expect(await transship(['source', 'install', `test:${host}`])).toMatchObject({ exitCode: 0 });
    expect(await programSums('a')).not.toBe(stock);
    expect(await onHost(a, 'runc --version')).toContain('1.1.15+ds1');

    const reference = await bringWorkload([a]);
    await onHost(a, `docker run -d --name spans ${reference} && sleep 1`);
    const { manifest, folder } = await moveIt(hosts(), { container: 'spans' });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(readFileSync(join(folder.path, 'evidence/a/source.jsonl'), 'utf8')).toContain('"criu.request":"DUMP"');

    const { spans, inconsistencies } = loadTrace(folder);
    expect(inconsistencies).toEqual([]);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const callers = (name: string): string[] => {
      const names: string[] = [];
      for (let at = spans.find((span) => span.name === name); at !== undefined; at = byId.get(at.parentSpanId ?? ''))
        names.push(at.name);
      return names;
    };
    const shim = [
      'go-runc.checkpoint',
      'shim.init-do-checkpoint',
      'shim.service-checkpoint',
      'migration.checkpoint.checkpoint',
      'migration',
    ];
    expect(callers('criu.dump')).toEqual(expect.arrayContaining(['runc.criu-swrk', 'runc.container-checkpoint', ...shim]));
    expect(callers('runc.lock-network')).toEqual(
      expect.arrayContaining(['runc.criu-notification', 'runc.criu-swrk', 'runc.container-checkpoint', ...shim]),
    );
    const start = ['go-runc.restore', 'shim.start-checkpointed', 'shim.service-start', 'migration.restore.start', 'migration'];
    expect(callers('criu.restore')).toEqual(
      expect.arrayContaining(['runc.criu-swrk', 'runc.container-restore', 'runc.run', ...start]),
    );
    expect(callers('runc.container-restore')).toEqual(expect.arrayContaining(['runc.run', 'runc.start-container', ...start]));
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['transship', 'dockerd', 'containerd', 'containerd-shim', 'runc', 'criu']),
    );

    await onHost(b, 'docker rm -f spans');
    for (const host of ['a', 'b'] as const)
      expect(await transship(['source', 'install', `test:${host}`, '--stock'])).toMatchObject({ exitCode: 0 });
    expect(await programSums('a')).toBe(stock);
    expect(
      await onHost(
        a,
        'ls -d /usr/local/lib/transship /run/transship/source.jsonl 2>/dev/null; grep -c transship/source /proc/self/mountinfo || true',
      ),
    ).toBe('0');
  }, 600_000);

  test('the same move by the host’s own programs has the same spans, less deep', async () => {
    const { b } = hosts();
    const { reference } = await workloadImage();
    await onHost(hosts().a, `docker run -d --name plain ${reference} && sleep 1`);
    const { manifest, folder } = await moveIt(hosts(), { container: 'plain' });
    expect(manifest.outcome).toBe('migrated');
    const { spans } = loadTrace(folder);
    const names = spans.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['migration.checkpoint.checkpoint', 'criu.dump', 'criu.restore']));
    expect(pathRules.map(({ name }) => name).filter((name) => names.includes(name))).toEqual([]);
    await onHost(b, 'docker rm -f plain');
  }, 300_000);
});

test('a host that is no test host is refused without --yes, before it is looked at', async () => {
  const refused = await transship(['source', 'install', 'ssh://root@nowhere.invalid']);
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('nothing was touched')]);
});
