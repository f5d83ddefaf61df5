import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainSpans, explanationText } from './explain-text.ts';
import { loadTrace } from './load-trace.ts';

const runs = join(import.meta.dirname, '../../test/recorded/runs');
const stock = loadTrace({ run: 'docker-small', path: join(runs, 'docker-small') });
const explained = (asked: string): string => explanationText(explainSpans(stock, asked));

test('a span of the run: what it is, where it stands, how often and how long', () => {
  expect(explained('criu.dump.freeze')).toMatch(/^criu\.dump\.freeze \(criu\): .*\n {2}source .*\n {2}here {6}1 on \w+, /);
});

test('a span that only instrumented programs have: what it is all the same, how to get it, what the run has instead', () => {
  expect(explained('criu-swrk')).toMatchInlineSnapshot(`
    "runc.criu-swrk (runc): runs \`criu swrk\`, sends the request, answers its notifications
      source    github.com/opencontainers/runc/libcontainer *.criuSwrk
      debian13  github.com/opencontainers/runc/libcontainer/container_linux.go:1582 libcontainer.(*linuxContainer).criuSwrk (1.1.15+ds1-2)
      testing   github.com/opencontainers/runc/libcontainer/criu_linux.go:887 libcontainer.(*Container).criuSwrk (1.3.6+ds1-1)
      here      none: only a program that tells of its own functions has it, and the runc of this run did not
      to see it  transship source install HOST before the move; or, between test hosts: transship migrate --probes uprobe
      instead   of runc: runc.notify.setup-namespaces, runc.restore.start, runc.checkpoint.start, runc.pause, runc.notify.post-restore (transship show RUN --all)"
  `);
  expect(explained('dockerd.create-checkpoint')).toContain('transship source install HOST --only dockerd, its restart, before');
  expect(explainSpans(stock, 'runc.criu-swrk')).toMatchObject([{ spans: [], operation: { name: 'runc.criu-swrk' } }]);
});

test('another span that this run has no evidence of', () => {
  expect(explained('criu.page-server.session')).toContain('here      none: this run has no evidence of it');
});

test('a name that no span has is refused with those that are like it', () => {
  expect(() => explainSpans(stock, 'freez')).toThrow('--explain freez: no span is called so');
});
