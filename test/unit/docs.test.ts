import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { blocksOf, docsFiles, outputOf } from '../docs-blocks.ts';

/** Figures in the docs are what a reader gets who types the command; `node dist/test/docs-blocks.js` renews them. */
describe.each(docsFiles)('%s', (file) => {
  test.each(blocksOf(file))('line $line: $command', ({ command, output, isPart }) => {
    const printed = outputOf(command);
    const lines = new Set(output.split('\n'));
    const shown = printed.split('\n').filter((line) => lines.has(line));
    expect(isPart ? shown.join('\n') : printed).toBe(output);
  });

  test('its links lead somewhere', () => {
    const text = readFileSync(join(packageRoot(), file), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    const broken = links.filter((link) => !existsSync(join(packageRoot(), dirname(file), link)));
    expect(broken).toEqual([]);
  });

  test('says a thing in one place: no heading comes twice', () => {
    const text = readFileSync(join(packageRoot(), file), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([...new Set(headings)]);
  });
});

test('what is unexplained is the same share in every table of a page', () => {
  const text = readFileSync(join(packageRoot(), 'docs/five-seconds-of-docker-checkpoint.md'), 'utf8');
  const [, ofTable] = /^\| unexplained \| .*\((\S+) %\) \|$/m.exec(text) ?? [];
  const [, ofRun] = /^explained .* inferred; (\S+) unexplained$/m.exec(text) ?? [];
  expect(ofTable).toBeDefined();
  expect(ofTable).toBe(ofRun);
});
