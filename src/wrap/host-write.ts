import { createHash } from 'node:crypto';
import { TransshipError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';

export interface Replacement {
  readonly file: string;
  /** What the file held when it was read; another text there now is an error. Null: there was none. */
  readonly from: string | null;
  readonly to: string;
}

/** Runs shell text that changes the host; its first error ends it. */
export async function change(host: Host, command: string, stdin?: string): Promise<void> {
  const { exitCode, stderr } = await host.shell.run(`set -eu\n${command}`, stdin === undefined ? {} : { stdin });
  if (exitCode === 0) return;
  const why = stderr.trim().split('\n').at(-1) || `exit status ${exitCode}`;
  throw new TransshipError('not-ready', `${host.name}: ${why}`, 'is the file system writable, and not full?');
}

/** In one step, so that a reader never sees half of it; mode and owner stay. */
export async function replaceFile(host: Host, { file, from, to }: Replacement): Promise<void> {
  const now = `if [ -f "$file" ]; then sha256sum <"$file" | cut -c 1-64; fi`;
  const expected = from === null ? '' : createHash('sha256').update(from).digest('hex');
  await change(
    host,
    `file=${quoteWord(file)}
[ "$(${now})" = '${expected}' ] || { echo "$file was changed by somebody else just now" >&2; exit 1; }
new=$file.transship-$$
trap 'rm -f "$new"' EXIT
if [ -f "$file" ]; then cp -a "$file" "$new"; else : >"$new" && chmod 644 "$new"; fi
cat >"$new"
mv "$new" "$file"`,
    to,
  );
}

/** A program of ours on the host, also while an older one runs; that one is kept until `forgetOlder`. */
export async function writeProgram(host: Host, file: string, text: string): Promise<void> {
  await change(
    host,
    `file=${quoteWord(file)}
if [ -e "$file" ]; then cp -a "$file" "$file.old"; fi
trap 'rm -f "$file.new"' EXIT
cat >"$file.new"
chown 0:0 "$file.new"
chmod 755 "$file.new"
mv "$file.new" "$file"`,
    text,
  );
}

export async function putOlderBack(host: Host, file: string): Promise<void> {
  const older = quoteWord(`${file}.old`);
  await change(host, `if [ -e ${older} ]; then mv ${older} ${quoteWord(file)}; else rm -f ${quoteWord(file)}; fi`);
}

export async function forgetOlder(host: Host, files: readonly string[]): Promise<void> {
  if (files.length > 0) await change(host, `rm -f ${files.map((file) => quoteWord(`${file}.old`)).join(' ')}`);
}
