import type { SourceSet } from '../../vm/versions.ts';

export const programNames = ['runc', 'containerd-shim-runc-v2', 'containerd', 'dockerd'] as const;
export type ProgramName = (typeof programNames)[number];

/** How a program is built: flags as debian/rules has them, so that versions are kept. */
export interface Program {
  readonly name: ProgramName;
  /** Import path of its main package, and of the project whose version it tells. */
  readonly package: string;
  readonly project: string;
  readonly tags: string;
  /** Variables that are set to the version. */
  readonly versionVariables: readonly string[];
  readonly ldflags: string;
  /** Debian packages that hold the libraries it is built with. */
  readonly packages: readonly string[];
  /** True: the libraries that its source package is built with are needed, too. */
  readonly needsBuildDepends: boolean;
}

const runc: Program = {
  name: 'runc',
  package: 'github.com/opencontainers/runc',
  project: 'github.com/opencontainers/runc',
  tags: 'seccomp urfave_cli_no_docs',
  versionVariables: ['main.version'],
  ldflags: '',
  packages: ['golang-github-opencontainers-runc-dev', 'libseccomp-dev'],
  needsBuildDepends: false,
};

const dockerd: Program = {
  name: 'dockerd',
  package: 'github.com/docker/docker/cmd/dockerd',
  project: 'github.com/docker/docker',
  tags: 'apparmor seccomp journald',
  versionVariables: ['github.com/docker/docker/dockerversion.Version'],
  ldflags: '-w -X github.com/docker/docker/dockerversion.ProductName=docker',
  packages: [],
  needsBuildDepends: true,
};

/** runc and the shim are built with what Debian's own -dev packages of them depend on; that is the cheap half. */
export function programsOf(set: SourceSet): readonly Program[] {
  const containerd = set === 'testing' ? 'github.com/containerd/containerd/v2' : 'github.com/containerd/containerd';
  const containerdLike = {
    project: containerd,
    tags: '',
    versionVariables: [`${containerd}/version.Version`],
    ldflags: '',
    packages: ['golang-github-containerd-containerd-dev', 'golang-github-containerd-go-runc-dev'],
  };
  return [
    runc,
    {
      ...containerdLike,
      name: 'containerd-shim-runc-v2',
      package: `${containerd}/cmd/containerd-shim-runc-v2`,
      needsBuildDepends: false,
    },
    {
      ...containerdLike,
      name: 'containerd',
      package: `${containerd}/cmd/containerd`,
      // what only Debian's patches make compile, and Docker has no use for: they are not always to be had
      tags: set === 'testing' ? 'no_zfs no_cri' : '',
      needsBuildDepends: true,
    },
    dockerd,
  ];
}

/** Upstream's part of a Debian version: `1.1.15+ds1-2` was built from `1.1.15+ds1`. */
export function upstreamVersion(debian: string): string {
  return debian.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}
