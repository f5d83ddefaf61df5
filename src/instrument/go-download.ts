import { tmpdir } from 'node:os';
import { type ExecaError, execa } from 'execa';
import { TransshipError } from '../error.ts';

export interface DownloadedModule {
  /** In Go's own module cache, read-only. */
  readonly folder: string;
  /** `h1:` and a hash over its files, as go.sum has it (golang.org/x/mod/sumdb/dirhash). */
  readonly sum: string;
}

const limitMs = 300_000;
const hint = 'is GOPROXY reachable? try: go mod download';

/**
 * A Go module by this machine's own Go: its proxy, its flags, its cache.
 * @throws TransshipError `not-ready`: there is no Go, or it does not get the module
 */
export async function downloadModule(module: string, version: string): Promise<DownloadedModule> {
  const wanted = `${module}@${version}`;
  const told = await goPrints(wanted);
  const { Dir: folder, Sum: sum } = told;
  if (folder !== undefined && sum !== undefined) return { folder, sum };
  throw new TransshipError('not-ready', `${wanted}: ${told.Error ?? 'go mod download names no folder of it'}`, hint);
}

/** What `go help mod download` lists, of which it prints what it has. */
interface Told {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

async function goPrints(wanted: string): Promise<Told> {
  // outside of any module, by whatever way of building the user has
  const env = { GO111MODULE: 'on', GOWORK: 'off' };
  try {
    const words = ['mod', 'download', '-json', wanted];
    return JSON.parse((await execa('go', words, { cwd: tmpdir(), env, timeout: limitMs, stdin: 'ignore' })).stdout) as Told;
  } catch (cause) {
    const { code, stdout, stderr, shortMessage } = cause as ExecaError;
    if (code === 'ENOENT') throw new TransshipError('not-ready', 'there is no go here', 'apt-get install golang-go', { cause });
    const error =
      toldIn(stdout)?.Error ??
      (String(stderr ?? '')
        .trim()
        .split('\n')
        .at(-1) ||
        shortMessage);
    throw new TransshipError('not-ready', `${wanted}: ${error}`, hint, { cause });
  }
}

function toldIn(stdout: unknown): Told | null {
  try {
    return JSON.parse(String(stdout)) as Told;
  } catch {
    return null; // it failed before it had anything to print
  }
}
