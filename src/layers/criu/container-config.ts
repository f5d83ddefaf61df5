/** Whose checkpoint it is, by the engine that made it. */
export interface ContainerConfig {
  readonly name: string | null;
  readonly id: string | null;
  readonly image: string | null;
  readonly engine: string | null;
  readonly runtime: string | null;
}

/** `config.dump`: podman, CRI-O and kubelet put it beside the images (checkpointctl's lib/metadata.go). */
export function isContainerConfig(path: string): boolean {
  return /(?:^|\/)config\.dump$/.test(path);
}

/** `null`: it is none. Unknown fields are unknown. */
export function readContainerConfig(text: string): ContainerConfig | null {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof document !== 'object' || document === null) return null;
  const fields = document as Readonly<Record<string, unknown>>;
  const own = (...names: readonly string[]) => {
    const found = names.map((name) => fields[name]).find((value) => typeof value === 'string' && value !== '');
    return (found as string | undefined) ?? null;
  };
  const isPodman = 'spec' in fields || 'rootfsImageID' in fields;
  return {
    ...{ name: own('name'), id: own('id'), image: own('rootfsImageName', 'rootfsImage', 'rootfsImageRef') },
    ...{ engine: isPodman ? 'podman' : own('engine'), runtime: own('ociRuntime', 'runtime') },
  };
}
