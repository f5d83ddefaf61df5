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
  const project = set === 'testing' ? 'github.com/containerd/containerd/v2' : 'github.com/containerd/containerd';
  const like = {
    project,
    versionVariables: [`${project}/version.Version`],
    ldflags: '',
    packages: ['golang-github-containerd-containerd-dev', 'golang-github-containerd-go-runc-dev'],
  };
  const shim = 'containerd-shim-runc-v2';
  // what only Debian's patches make compile, and Docker has no use for: they are not always to be had
  const tags = set === 'testing' ? 'no_zfs no_cri' : '';
  return [
    runc,
    { ...like, name: shim, package: `${project}/cmd/${shim}`, tags: '', needsBuildDepends: false },
    { ...like, name: 'containerd', package: `${project}/cmd/containerd`, tags, needsBuildDepends: true },
    dockerd,
  ];
}

/** Upstream's part of a Debian version: `1.1.15+ds1-2` was built from `1.1.15+ds1`. */
export function upstreamVersion(debian: string): string {
  return debian.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}

/**
 * Whether a program that prints this is of that version. Debian builds containerd 2 without setting its version: its shim then says what
 * version/version.go has, `2.1.9+unknown`.
 */
export function tellsVersion(printed: string, version: string): boolean {
  const words = printed.split(/[\s,]+/);
  return words.includes(version) || words.includes(`${version.replace(/[+~].*$/, '')}+unknown`);
}
