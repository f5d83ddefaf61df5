import type { SourceSet } from '../../vm/versions.ts';

/** One upstream project inside a Debian source package, and where it stands in a GOPATH. */
export interface SourceTree {
  /** Folder of the unpacked package; empty: the package itself. */
  readonly folder: string;
  /** Import path, as Debian's packages name it. */
  readonly place: string;
}

export interface SourcePackage {
  readonly name: string;
  readonly trees: readonly SourceTree[];
}

const engine = { folder: 'engine', place: 'github.com/docker/docker' } as const;
const cli = { folder: 'cli', place: 'github.com/docker/cli' } as const;
const buildkit = { folder: 'buildkit', place: 'github.com/moby/buildkit' } as const;

function packages(containerd: string): readonly SourcePackage[] {
  return [
    { name: 'runc', trees: [{ folder: '', place: 'github.com/opencontainers/runc' }] },
    { name: 'containerd', trees: [{ folder: '', place: containerd }] },
    { name: 'golang-github-containerd-go-runc', trees: [{ folder: '', place: 'github.com/containerd/go-runc' }] },
    { name: 'docker.io', trees: [engine, cli, buildkit] },
  ];
}

/** Debian's source packages of what a checkpoint passes through; debian/rules of each says where its trees stand. */
export const sourcePackages: Readonly<Record<SourceSet, readonly SourcePackage[]>> = {
  debian13: packages('github.com/containerd/containerd'),
  testing: packages('github.com/containerd/containerd/v2'),
};
