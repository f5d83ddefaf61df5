import type { Readable, Writable } from 'node:stream';
import type Dockerode from 'dockerode';
import type { HostFacts } from '../evidence/manifest.ts';
import type { ApiRecord, CommandRecord } from '../evidence/records.ts';
import type { Ns } from '../trace/time.ts';

export interface ShellResult {
  /** The command's exit status; 128 + signal when a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Sent and answered, by the controller's clock. */
  readonly startNs: Ns;
  readonly endNs: Ns;
}

export interface RunOptions {
  /** Every request has a limit; 30,000 unless told. Running over it is an error that names host and command. */
  readonly timeoutMs?: number;
  /** Text for the command's standard input; without it, /dev/null. */
  readonly stdin?: string;
}

/** A root shell on a host that stays open: requests go one after another, each framed, each with a time limit. */
export interface Shell extends AsyncDisposable {
  /** Runs any shell text (several lines are fine) in a subshell. A status other than 0 is a result, not an error. */
  run(command: string, options?: RunOptions): Promise<ShellResult>;
}

/** A process of its own on the host, as root, with binary streams: for bulk data. */
export interface HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<{ readonly exitCode: number; readonly stderr: string }>;
  kill(): void;
}

/** Told of everything that is done to the host, while it is set. */
export interface HostObserver {
  /** Each call of Docker's API carries this trace's id and an id of its own (`traceparent`), so that the daemon's spans are its children. */
  readonly traceId?: string;
  onApiCall(record: ApiRecord): void;
  onCommand(record: CommandRecord): void;
}

/** A Docker host: its API and a root shell, both through one OpenSSH connection, or locally. */
export interface Host extends AsyncDisposable {
  /** Short name, the name of its evidence folder: `a` for `test:a`, the host's name for ssh, `local`. */
  readonly name: string;
  /** As the user gave it: `test:a`, `ssh://root@x:2222`, `local`, a docker context's name. */
  readonly endpoint: string;
  readonly docker: Dockerode;
  readonly shell: Shell;
  /** The address at which other hosts and clients reach it; null for `local`. */
  readonly address: string | null;
  /** Words to put before a local command so that it can reach the host's addresses; empty but for test hosts. */
  readonly networkPrefix: readonly string[];
  /** Why no client of this machine reaches that address; null where that is not known beforehand. */
  readonly unreached: string | null;
  /**
   * The `ssh` words that the *other* host uses to reach this one (`['-p','22','root@10.0.0.2']`); null for `local`.
   * Whether it really can is a preflight check.
   */
  readonly sshFromPeer: readonly string[] | null;
  facts(): Promise<HostFacts>;
  openShell(): Promise<Shell>;
  spawn(command: string): HostProcess;
  /**
   * While it lasts, connections to this port of the host's own loopback address arrive at a unix socket of this machine.
   * @throws TransshipError `not-ready`: the port is taken, or sshd forbids it
   */
  forwardPort(port: number, socketPath: string): Promise<AsyncDisposable>;
  observe(observer: HostObserver | null): void;
}

/** Typed here, as dockerode's types know no checkpoints. */
export interface CheckpointOptions {
  readonly checkpointId: string;
  /** Docker's `--leave-running` is `exit: false`. */
  readonly exit: boolean;
}
