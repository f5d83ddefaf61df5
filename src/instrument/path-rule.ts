/** Where on the path a function stands, from the API down to criu. go-runc and containerd's client run in others' processes. */
export const pathLayers = ['dockerd', 'containerd-client', 'containerd', 'containerd-shim', 'go-runc', 'runc', 'criu'] as const;
export type PathLayer = (typeof pathLayers)[number];

/** Whose process a layer's functions run in. */
export const programOf = {
  dockerd: 'dockerd',
  'containerd-client': 'dockerd',
  containerd: 'containerd',
  'containerd-shim': 'containerd-shim-runc-v2',
  'go-runc': 'containerd-shim-runc-v2',
  runc: 'runc',
  criu: 'criu',
} as const satisfies Readonly<Record<PathLayer, string>>;

/** How one function reaches the next. */
export type Via = 'call' | 'interface' | 'closure' | 'grpc' | 'ttrpc' | 'exec' | 'rpc';

export interface PathCall {
  /** Name of the rule that is called; `criu` for the program. */
  readonly to: string;
  readonly via: Via;
  /** What the caller's text calls it, where that is not the name of the function called. */
  readonly as?: string;
}

/**
 * One function of the checkpoint or restore path. Packages and functions are matched by name with `*` for anything: line numbers, files and
 * receivers move from version to version, names hardly do.
 */
export interface PathRule {
  /** The same in every version: name of the span. */
  readonly name: string;
  readonly layer: PathLayer;
  readonly half: 'checkpoint' | 'restore' | 'both';
  /** Import paths, one for each version family that has another. */
  readonly packages: readonly string[];
  /** `(*T).name`, `*.name` (any receiver), `name`, or `variable.Field` for a closure in a variable's value. */
  readonly function: string;
  /** Import path → what it is called there, where a version has made another kind of function of it. */
  readonly functionIn?: Readonly<Record<string, string>>;
  readonly does: string;
  /** Attribute → Go expression over receiver and parameters, taken when the function begins. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly calls?: readonly PathCall[];
  /** Why it has no span. */
  readonly noSpan?: string;
  /** True where some version does not have it: then it is not missed. */
  readonly isOptional?: true;
}
