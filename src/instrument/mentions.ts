import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { TransshipError } from '../error.ts';

/** What a line that mentions criu is; the first that fits. */
export const mentionKinds = [
  'vendored',
  'test',
  'comment',
  'protobuf',
  'import',
  'call',
  'option',
  'name',
  'build',
  'document',
] as const;
export type MentionKind = (typeof mentionKinds)[number];

export interface Mention {
  readonly kind: MentionKind;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const largestBytes = 4 * 1024 * 1024;
const longestText = 160;

/**
 * `grep -ri criu`, sorted by what each line is.
 * @throws TransshipError `input` when a folder is none
 */
export function mentionsOf(word: string, folders: readonly string[]): readonly Mention[] {
  return folders.flatMap((folder) => {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new TransshipError('input', `${folder}: no such folder`, 'transship source fetch prints where it put the sources');
    return filesBelow(folder).flatMap((file) => mentionsIn(word, file));
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === '.git' ? [] : filesBelow(path);
      return entry.isFile() && statSync(path).size <= largestBytes ? [path] : [];
    });
}

function mentionsIn(word: string, file: string): readonly Mention[] {
  const bytes = readFileSync(file);
  if (bytes.subarray(0, 8192).includes(0)) return []; // no text
  const text = bytes.toString();
  if (!text.toLowerCase().includes(word)) return [];
  let isComment = false;
  return text.split('\n').flatMap((line, index) => {
    const wasComment = isComment;
    if (line.includes('/*')) isComment = !line.includes('*/');
    else if (line.includes('*/')) isComment = false;
    if (!line.toLowerCase().includes(word)) return [];
    return {
      kind: kindOf(word, { file, line, isInComment: wasComment }),
      file,
      line: index + 1,
      text: line.trim().slice(0, longestText),
    };
  });
}

interface Place {
  readonly file: string;
  readonly line: string;
  readonly isInComment: boolean;
}

function kindOf(word: string, { file, line, isInComment }: Place): MentionKind {
  if (/\/vendor\//.test(file)) return 'vendored';
  if (/_test\.go$|\/tests?\/|\/integration(-cli)?\//.test(file)) return 'test';
  if (extname(file) !== '.go') return /\.(md|txt|rst|1|8)$|\/docs?\/|NEWS|CHANGELOG/i.test(file) ? 'document' : 'build';
  const code = line.replace(/\/\/.*$/, '').toLowerCase();
  if (isInComment || !code.includes(word)) return 'comment';
  if (/\.pb\.go$/.test(file) || /\b(criurpc|rpc)\.\w+/i.test(line)) return 'protobuf';
  if (/^\s*(import\s+)?(\w+ )?"[\w./-]+"\s*$/.test(line)) return 'import';
  if (new RegExp(`\\b\\w*${word}\\w*\\s*\\(|\\b${word}\\w*\\.\\w+\\(|Command\\([^)]*${word}`, 'i').test(code)) return 'call';
  return /"[^"]*"/.test(code) && new RegExp(`"[^"]*${word}[^"]*"`).test(code) ? 'option' : 'name';
}
