import { expect, test } from 'vitest';
import type { CellResult, UnplayedCell } from '../matrix/cells.ts';
import { matrixText } from './matrix-text.ts';

const versions = { kernel: '7.2.12+deb14-cloud-amd64', criu: '4.1.1', docker: '26.1.5', containerd: '1.7.24', runc: '1.1.15' };
const phases = [{ name: 'boot', isOk: true, durationMs: 20_400 }];
const cells: readonly (CellResult | UnplayedCell)[] = [
  {
    ...{ kernel: 'testing', packages: 'debian13-plain', versions, phases, run: 'cell-testing-debian13-plain', endedNs: '1' },
    failures: [{ phase: 'host.checkpoint', message: 'opt | not supported\u001b[2J', cause: 'too old', hint: 'use a newer one' }],
  },
  {
    kernel: '6.12',
    packages: 'debian13',
    versions: { ...versions, kernel: '6.12.1' },
    phases,
    failures: [],
    run: null,
    endedNs: '1',
  },
  {
    kernel: '6.12',
    packages: 'debian12',
    versions: { ...versions, kernel: '6.12.1' },
    phases,
    failures: [{ phase: 'boot', message: 'it panicked\nend', cause: null, hint: null }],
    run: null,
    endedNs: '1',
  },
  { kernel: '6.1', packages: 'testing', why: 'no mirror' },
];

test('the table, and why what fails does; nothing of it drives the terminal', async () => {
  expect(await matrixText(cells, { format: 'text', words: [] })).toBe(
    `kernel        packages        criu   docker  result       failing          took  run
7.2.12+deb14  debian13-plain  4.1.1  26.1.5  fails        host.checkpoint  20 s  cell-testing-debian13-plain
6.12.1        debian13        4.1.1  26.1.5  works        -                20 s  -
6.12.1        debian12        4.1.1  26.1.5  fails (new)  boot             20 s  -
6.1           testing         -      -       not played   -                -     -

7.2 debian13-plain, host.checkpoint: opt | not supported\\x1b[2J (too old; use a newer one)
6.12 debian12, boot: it panicked; end
6.1 testing, not played: no mirror
`,
  );
});

test('Markdown, and JSON', async () => {
  const markdown = await matrixText(cells, { format: 'markdown', words: [] });
  expect(markdown.split('\n').slice(0, 3)).toEqual([
    '| kernel | packages | criu | docker | result | failing | took | run |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    '| 7.2.12+deb14 | debian13-plain | 4.1.1 | 26.1.5 | fails | host.checkpoint | 20 s | cell-testing-debian13-plain |',
  ]);
  expect(JSON.parse(await matrixText(cells, { format: 'json', words: ['x'] }))).toEqual({
    ...{ schema: 'transship.matrix/1', test: ['x'], cells },
  });
});
