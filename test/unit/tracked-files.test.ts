import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';

const root = packageRoot();

/** What git tracks, or would with `git add`; where there is no git (a source archive), every file but what was installed or built. */
function trackedFiles(): readonly string[] {
  const list = execaSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, reject: false });
  const names = list.exitCode === 0 ? list.stdout.split('\n') : (readdirSync(root, { recursive: true }) as string[]);
  return names.filter((name) => !/^(node_modules|dist|\.git)\//.test(name) && isFile(name));
}

function isFile(name: string): boolean {
  return existsSync(join(root, name)) && statSync(join(root, name)).isFile();
}

/** Hosts that everybody may name. */
const publicHosts =
  /^(registry\.npmjs\.org|registry\.yarnpkg\.com|proxy\.golang\.org|pypi\.org|github\.com|deb\.debian\.org|security\.debian\.org|ftp\.[a-z]+\.debian\.org|localhost|127\.0\.0\.1)$/;

function hostsIn(text: string): readonly string[] {
  return [...text.matchAll(/\bhttps?:\/\/(?:[^\s/@]*@)?([^\s/:"'\]]+)/g)].map((match) => match[1] ?? '');
}

/** Of the registries and mirrors that this machine is set up with: npm, apt, Go, pip. */
function ownHosts(): readonly string[] {
  const npm = execaSync('npm', ['config', 'get', 'registry'], { cwd: root, reject: false });
  const apt = [
    '/etc/apt/sources.list',
    '/etc/apt/apt.conf',
    ...under('/etc/apt/sources.list.d'),
    ...under('/etc/apt/apt.conf.d'),
  ];
  const texts = [npm.stdout, process.env.GOPROXY ?? '', process.env.PIP_INDEX_URL ?? '', process.env.HTTPS_PROXY ?? ''];
  const hosts = [...texts, ...apt.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''))].flatMap(hostsIn);
  return [...new Set(hosts)].filter((host) => host.includes('.') && !publicHosts.test(host));
}

function under(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function isNameOfItsOwn(name: string): boolean {
  return name.length > 5 && !['localhost', 'debian', 'runner'].includes(name);
}

/** The checkout's place, and that of its neighbours, unless it is as general as /home or /tmp. */
function ownPaths(): readonly string[] {
  return [root, dirname(root)].filter((path) => path.split('/').length > 2 || path === root);
}

test("no tracked file names this machine's registry, mirror, host name or paths", () => {
  const words = [...ownHosts(), ...ownPaths(), ...(isNameOfItsOwn(hostname()) ? [hostname()] : [])];
  const found = trackedFiles().flatMap((name) => {
    const lines = readFileSync(join(root, name), 'utf8').split('\n');
    return words.flatMap((word) => lines.flatMap((line, index) => (line.includes(word) ? `${name}:${index + 1}: ${word}` : [])));
  });
  expect(found).toEqual([]);
});

test('no tracked file is large or a secret, and scripts can be run', () => {
  const files = trackedFiles();
  expect(files.length).toBeGreaterThan(200);
  expect(files.filter((name) => statSync(join(root, name)).size > 1_000_000)).toEqual([]);
  expect(files.filter((name) => /BEGIN [A-Z ]*PRIVATE KEY/.test(readFileSync(join(root, name), 'latin1')))).toEqual([]);
  expect(statSync(join(root, '.ci/run')).mode & 0o111).toBe(0o111);
});

test('versions in package.json are exact', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const versions = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('npm install leaves the lockfile as it is, whichever npm: no addresses, and no libc, which npm 10 takes out and npm 11 keeps', () => {
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
  expect(lockfile).not.toMatch(/"resolved":|"libc":/);
});
