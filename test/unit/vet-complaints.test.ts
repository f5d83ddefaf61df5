import { expect, test } from 'vitest';
import { complaintsIn, packagesIn } from '../../bench/source/vet.ts';

const isOurs = (line: string): boolean => line.includes(':7:');

test('what `go vet` finds in lines is told from what it could not look at', () => {
  const text = [
    '# github.com/docker/docker/daemon',
    'src/github.com/docker/docker/daemon/start.go:7:2: result of fmt.Sprint call not used',
    'src/github.com/docker/docker/daemon/start.go:9:2: unreachable code',
    'vet: src/github.com/opencontainers/runc/utils_linux.go:7:2: undefined: missing',
    'src/github.com/docker/docker/daemon/daemon.go:7:2: cannot find package "github.com/moby/buildkit/util/tracing" in any of:',
    '\t/usr/lib/go-1.26/src/github.com/moby/buildkit/util/tracing (from $GOROOT)',
  ].join('\n');
  expect(complaintsIn(text, isOurs)).toEqual({
    ofOurs: [expect.stringContaining('start.go:7:2')],
    ofTheirs: [expect.stringContaining('start.go:9:2')],
    unseen: [expect.stringContaining('undefined: missing'), expect.stringContaining('cannot find package')],
  });
});

test('a package that does not compile is no package without complaints', () => {
  expect(complaintsIn('', isOurs)).toEqual({ ofOurs: [], ofTheirs: [], unseen: [] });
  expect(complaintsIn('vet: src/a/a.go:3:1: could not import b (open : no such file)', isOurs).unseen).toHaveLength(1);
});

test('a package with an import that is not there, or only its tests, is named with it, and keeps none of the others from being looked at', () => {
  const list = [
    'github.com/docker/docker/daemon\tdaemon.go:75:2: cannot find package "x" in any of:',
    '\t/usr/lib/go/src/x (from $GOROOT)\tdaemon.go:76:2: cannot find package "y" in any of:',
    'github.com/docker/docker/api',
    'github.com/docker/docker/api [github.com/docker/docker/api.test]\tapi_test.go:9:2: cannot find package "x" in any of:',
    'github.com/containerd/go-runc',
    'github.com/containerd/go-runc.test',
    'github.com/containerd/go-runc_test [github.com/containerd/go-runc.test]',
  ].join('\n');
  expect(packagesIn(list)).toEqual({
    whole: ['github.com/containerd/go-runc'],
    unseen: [
      'github.com/docker/docker/daemon: daemon.go:75:2: cannot find package "x" in any of:',
      'github.com/docker/docker/api: api_test.go:9:2: cannot find package "x" in any of:',
    ],
  });
});
