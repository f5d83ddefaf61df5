import type { SourceSet } from '../../vm/versions.ts';

/** One upstream project inside a Debian source package, and where it stands in a GOPATH. */
export interface SourceTree {
  /** Folder of the unpacked package; empty: the package itself. */
  readonly folder: string;
  /** Import path, as Debian's packages name it. */
  readonly place: string;
}

/** A Go module that a component was made of, where the mirror lacks its archive. */
export interface ComponentModule {
  readonly component: string;
  readonly module: string;
  /** Folder of the tree whose `vendor.mod` and `vendor.sum` name its version and its sum. */
  readonly vendoredBy: string;
  /** What cannot be built without. */
  readonly program: string;
}

export interface SourcePackage {
  readonly name: string;
  readonly trees: readonly SourceTree[];
  readonly modules: readonly ComponentModule[];
}

const engine = { folder: 'engine', place: 'github.com/docker/docker' } as const;
const cli = { folder: 'cli', place: 'github.com/docker/cli' } as const;
const buildkit = { folder: 'buildkit', place: 'github.com/moby/buildkit' } as const;

const buildkitModule = { component: 'buildkit', module: buildkit.place, vendoredBy: engine.folder, program: 'dockerd' } as const;

function packages(containerd: string): readonly SourcePackage[] {
  return [
    { name: 'runc', trees: [{ folder: '', place: 'github.com/opencontainers/runc' }], modules: [] },
    { name: 'containerd', trees: [{ folder: '', place: containerd }], modules: [] },
    { name: 'golang-github-containerd-go-runc', trees: [{ folder: '', place: 'github.com/containerd/go-runc' }], modules: [] },
    { name: 'docker.io', trees: [engine, cli, buildkit], modules: [buildkitModule] },
  ];
}

/** Debian's source packages of what a checkpoint passes through; debian/rules of each says where its trees stand. */
export const sourcePackages: Readonly<Record<SourceSet, readonly SourcePackage[]>> = {
  debian13: packages('github.com/containerd/containerd'),
  testing: packages('github.com/containerd/containerd/v2'),
};
