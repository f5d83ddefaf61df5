/** What a daemon's own span is called, and what we make of it. A span that is none of these is counted on the next that is. */
export interface NativeOperation {
  readonly service: 'dockerd' | 'containerd';
  readonly kind: 'server' | 'client' | 'internal';
  /** The daemon's own name for it. */
  readonly name: string;
  readonly meaning: string;
  /** Where the daemon makes the span, or the call that it is of. */
  readonly source: string;
  /** It holds what others do, and explains nothing by itself. */
  readonly isWait: boolean;
  /** Requests that make such a call: where the daemon loses the context, it can only be a child of one of these. */
  readonly requests: readonly RequestName[];
  /** A request makes it more than once. */
  readonly isRepeated?: true;
  /** A stream, whose client often never reads to its end: then its span lasts until the connection closes, and says nothing. */
  readonly isStream?: true;
  /** So many that they are one span, from the first to the last, with their number. */
  readonly isFolded?: true;
}

/** dockerd's own words for the requests of a move: its route with the method. */
type RequestName = `POST /containers/${string}`;
const pause = 'POST /containers/{name:.*}/pause';
const unpause = 'POST /containers/{name:.*}/unpause';
const checkpoint = 'POST /containers/{name:.*}/checkpoints';
const start = 'POST /containers/{name:.*}/start';
const kill = 'POST /containers/{name:.*}/kill';
const create = 'POST /containers/create';

type Row = Omit<NativeOperation, 'name' | 'requests'>;

const request = {
  service: 'dockerd',
  kind: 'server',
  isWait: true,
  requests: [],
  meaning: 'dockerd took the request and answered it; child of our call by its traceparent',
} as const;
const inside = { service: 'dockerd', kind: 'internal', isWait: false, source: 'dockerd’s own span' } as const;
/** A call of containerd's API, as its caller sees it. */
const call = {
  service: 'dockerd',
  kind: 'client',
  isWait: false,
  meaning: 'dockerd called containerd, and had its answer',
  source: 'containerd api/services',
} as const satisfies Row;
const waited = { ...call, isWait: true, meaning: 'dockerd waited for containerd' } as const satisfies Row;
/** The same call, as containerd serves it. Of short calls the caller's span is enough. */
const served = { ...call, service: 'containerd', kind: 'server', meaning: 'containerd served the call' } as const satisfies Row;
const toShim = {
  service: 'containerd',
  kind: 'client',
  isWait: true,
  requests: [],
  meaning: 'containerd waited for the shim, which runs runc',
  source: 'containerd core/runtime/v2 (shimTask)',
} as const;
const folded = { isStream: true, isFolded: true, isRepeated: true } as const;

/**
 * Spans as Docker 26.1.5 (containerd 1.7 has none in Debian) and Docker 28.5.2 with containerd 2.1 send them. dockerd hands its context on
 * neither to its checkpoint (daemon/checkpoint.go, `context.Background()`) nor, before 27, to the task of a start (daemon/start.go,
 * `context.TODO()`): there each call of containerd is a root of its own.
 */
export const nativeOperations: readonly NativeOperation[] = [
  { ...request, name: 'POST /containers/{name:.*}/pause', source: 'daemon/pause.go' },
  { ...request, name: 'POST /containers/{name:.*}/unpause', source: 'daemon/unpause.go' },
  { ...request, name: 'POST /containers/{name:.*}/checkpoints', source: 'daemon/checkpoint.go' },
  { ...request, name: 'POST /containers/{name:.*}/start', source: 'daemon/start.go' },
  { ...request, name: 'POST /containers/{name:.*}/kill', source: 'daemon/kill.go' },
  { ...request, name: 'POST /containers/create', source: 'daemon/create.go' },
  { ...inside, name: 'task.Pause', meaning: 'containerd is told to pause the task', isWait: true, requests: [pause, checkpoint] },
  {
    ...inside,
    name: 'task.Resume',
    meaning: 'containerd is told to resume the task',
    isWait: true,
    requests: [unpause, checkpoint, kill],
  },
  { ...inside, name: 'task.Kill', meaning: 'containerd is told to signal the task', isWait: true, requests: [kill] },
  {
    ...{ ...inside, name: 'container.CheckpointTo', meaning: 'the container’s own settings are written to disk' },
    requests: [pause, unpause, checkpoint, start, kill, create],
    isRepeated: true,
  },
  { ...inside, name: 'libnetwork.Controller.NewSandbox', meaning: 'the container’s network sandbox is made', requests: [start] },
  { ...inside, name: 'daemon.connectToNetwork', meaning: 'the container is put on a network', requests: [start] },
  { ...inside, name: 'client.NewContainer', meaning: 'containerd is told of the container', isWait: true, requests: [start] },
  { ...call, name: 'containerd.services.leases.v1.Leases/Create', requests: [checkpoint, start] },
  { ...call, name: 'containerd.services.leases.v1.Leases/Delete', requests: [checkpoint, start] },
  { ...call, name: 'containerd.services.namespaces.v1.Namespaces/Get', requests: [start] },
  { ...call, name: 'containerd.services.containers.v1.Containers/Get', requests: [checkpoint, start], isRepeated: true },
  { ...call, name: 'containerd.services.containers.v1.Containers/Create', requests: [start] },
  { ...call, name: 'containerd.services.tasks.v1.Tasks/Get', requests: [checkpoint] },
  { ...call, name: 'containerd.services.tasks.v1.Tasks/Pause', requests: [pause, checkpoint] },
  { ...call, name: 'containerd.services.tasks.v1.Tasks/Resume', requests: [unpause, checkpoint, kill] },
  { ...waited, name: 'containerd.services.tasks.v1.Tasks/Checkpoint', requests: [checkpoint] },
  { ...waited, name: 'containerd.services.tasks.v1.Tasks/Create', requests: [start] },
  { ...waited, name: 'containerd.services.tasks.v1.Tasks/Start', requests: [start] },
  { ...call, name: 'containerd.services.tasks.v1.Tasks/Kill', requests: [kill, start] },
  { ...call, name: 'containerd.services.tasks.v1.Tasks/Delete', requests: [kill, start] },
  { ...call, name: 'containerd.services.images.v1.Images/Create', requests: [checkpoint] },
  { ...call, name: 'containerd.services.images.v1.Images/Delete', requests: [checkpoint] },
  { ...call, name: 'containerd.services.content.v1.Content/Info', requests: [checkpoint, start], isRepeated: true },
  { ...call, name: 'containerd.services.content.v1.Content/Delete', requests: [start] },
  { ...call, name: 'containerd.services.content.v1.Content/Read', requests: [checkpoint], ...folded },
  { ...call, name: 'containerd.services.content.v1.Content/Write', requests: [checkpoint, start], isStream: true },
  { ...served, name: 'containerd.services.tasks.v1.Tasks/Checkpoint', requests: [checkpoint], isWait: true },
  { ...served, name: 'containerd.services.tasks.v1.Tasks/Create', requests: [start], isWait: true },
  { ...served, name: 'containerd.services.tasks.v1.Tasks/Start', requests: [start], isWait: true },
  { ...served, name: 'containerd.services.content.v1.Content/Read', requests: [checkpoint], ...folded },
  { ...served, name: 'containerd.services.content.v1.Content/Write', requests: [checkpoint, start], isStream: true },
  { ...toShim, name: 'containerd.task.v3.Task/Checkpoint' },
  { ...toShim, name: 'containerd.task.v3.Task/Create' },
  { ...toShim, name: 'containerd.task.v3.Task/Start' },
];

export function operationOf(of: Pick<NativeOperation, 'service' | 'kind' | 'name'>): NativeOperation | undefined {
  return nativeOperations.find(({ service, kind, name }) => service === of.service && kind === of.kind && name === of.name);
}

export function isRequest({ service, kind }: Pick<NativeOperation, 'service' | 'kind'>): boolean {
  return service === 'dockerd' && kind === 'server';
}
