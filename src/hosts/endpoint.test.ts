import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEndpoint } from './endpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'transship-contexts-'));
const contexts = { far: 'ssh://deploy@far.example:2222', near: 'unix:///run/near.sock', open: 'tcp://10.0.0.9:2375' };

beforeAll(() => {
  for (const [name, host] of Object.entries(contexts)) {
    const meta = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
    mkdirSync(meta, { recursive: true });
    writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'near' }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const parse = (spec: string, env: NodeJS.ProcessEnv = {}) => parseEndpoint(spec, { DOCKER_CONFIG: folder, ...env });
const words = (spec: string) => {
  const endpoint = parse(spec);
  return endpoint.kind === 'ssh' ? [endpoint.target.name, endpoint.target.socketPath, ...endpoint.target.words] : null;
};

describe("Docker's precedence", () => {
  test.each([
    ['the current context', {}, '/run/near.sock'],
    ['DOCKER_CONTEXT goes before it', { DOCKER_CONTEXT: 'default' }, '/var/run/docker.sock'],
    ['DOCKER_HOST goes before both', { DOCKER_HOST: 'unix:///x.sock', DOCKER_CONTEXT: 'far' }, '/x.sock'],
    ['no configuration', { DOCKER_CONFIG: '/nowhere' }, '/var/run/docker.sock'],
  ])('%s', (_, env, socketPath) => {
    expect(parse('default', env)).toEqual({ kind: 'local', name: 'local', socketPath });
  });
});

test('ssh endpoints become words of ssh', () => {
  expect(words('ssh://root@x')).toEqual(['x', '/var/run/docker.sock', '--', 'root@x']);
  expect(words('ssh://[fe80::1]:2200')).toEqual(['fe80--1-2200', '/var/run/docker.sock', '-p', '2200', '--', 'fe80::1']);
  expect(words('ssh://x/run/user/1/docker.sock')).toEqual(['x', '/run/user/1/docker.sock', '--', 'x']);
  expect(words('far')).toEqual(['far', '/var/run/docker.sock', '-p', '2222', '--', 'deploy@far.example']);
});

test.each([
  ['open', 'not-ready', "tcp://10.0.0.9:2375: Docker's API alone is not enough: no root shell comes with it"],
  ['nobody', 'not-ready', "'nobody': no Docker context of that name"],
  ['ssh://-oProxyCommand=x', 'usage', "'ssh://-oProxyCommand=x' names no host"],
  ['ssh://a:secret@x', 'usage', 'ssh://a@x: a password cannot be given'],
  ['ftp://x', 'usage', "'ftp://x' names no host"],
])('%s is refused', (spec, code, message) => {
  expect(() => parse(spec)).toThrow(expect.objectContaining({ code, message }));
});

test('a context that is named but absent says who named it', () => {
  expect(() => parse('default', { DOCKER_CONTEXT: 'gone' })).toThrow("DOCKER_CONTEXT: no Docker context 'gone'");
});
