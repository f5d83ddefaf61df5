/**
 * The lines of the append-only evidence files. Times are nanoseconds as decimal strings;
 * which clock they are of is said at each field.
 */

/** The phases of a run; each is a span `migration.PHASE`. */
export const runPhases = ['prepare', 'checkpoint', 'transfer', 'restore', 'verify', 'cleanup'] as const;
export type RunPhase = (typeof runPhases)[number];

/** `journal.jsonl`: written before and after each step (controller's clock). */
export interface JournalRecord {
  readonly seq: number;
  readonly step: string;
  readonly phase: RunPhase;
  /** Short name of the host that the step acts on; null: the controller, or both. */
  readonly host: string | null;
  /** `note`: something that happened while the step went on. */
  readonly event: 'begin' | 'note' | 'end' | 'failed' | 'undo-begin' | 'undo-end' | 'undo-failed';
  readonly atNs: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** `evidence/HOST/api.jsonl`: our calls of that host's Docker API (controller's clock). */
export interface ApiRecord {
  readonly method: string;
  /** With the id, without the query's values that could be secret. */
  readonly path: string;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  readonly startNs: string;
  readonly endNs: string;
  readonly error: string | null;
  /** Of the call's span, as the daemon was told (`traceparent`); missing: it was told none. */
  readonly spanId?: string;
}

/** `evidence/HOST/commands.jsonl`: commands that a step ran on that host's shell (controller's clock). */
export interface CommandRecord {
  readonly step: string | null;
  readonly command: string;
  readonly exitCode: number | null;
  readonly startNs: string;
  readonly endNs: string;
  readonly error: string | null;
}

/** `evidence/HOST/processes.jsonl`: what `record` saw of its command and the processes below it (this machine's clock). */
export interface ProcessRecord {
  readonly pid: number;
  /** Null: the command itself. */
  readonly parentPid: number | null;
  /** Name of the program, without its folder. */
  readonly program: string;
  /** `checkpoint`, `restore` …; null where it is none of those that are known. */
  readonly verb: string | null;
  /** It went on when the command had ended. */
  readonly isLeft: boolean;
  /** Of the command itself. */
  readonly exitCode?: number;
  readonly startNs: string;
  readonly endNs: string;
  /** How far either end may be off. */
  readonly boundNs: string;
}

/** `evidence/HOST/wrap.jsonl`: calls of runc, CRIU and the shim that went by way of our wrappers (that host's clock and process ids). */
export interface CallRecord {
  readonly program: string;
  /** When `watch` noticed it, a moment after the wrapper's start; and when it saw the process's end. Null: it did not. */
  readonly startNs: string | null;
  readonly endNs: string | null;
  /** 128 + signal when a signal ended it. Null: unknown, as the kernel tells only the parent before Linux 6.15. */
  readonly exitCode: number | null;
  readonly pid: number;
  readonly parentPid: number;
  /** Without the program's own name. */
  readonly argv: readonly string[];
  /** Of the run, as the wrapper found it; null: there was none. */
  readonly traceparent: string | null;
}

/** `evidence/HOST/events.jsonl`: Docker's own events (that host's clock). */
export interface DockerEventRecord {
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly timeNs: string;
}

/** `evidence/HOST/checkpoint-folder.json`: where a daemon of Docker unpacked the images, by the times of its files (that host's clock). */
export interface CheckpointFolderRecord {
  readonly by: 'dockerd' | 'containerd';
  readonly bytes: number;
  readonly files: number;
  /** Birth of the first of them (of containerd's also the folder's own), and the last change of any. */
  readonly firstMadeNs: string;
  readonly lastChangedNs: string;
}

/** `evidence/HOST/source.jsonl`: calls that instrumented programs told of, each written when it ended (that host's clock). */
export interface SourceRecord {
  /** The rule that found the function: name of the span. */
  readonly name: string;
  /** `libcontainer.(*Container).criuSwrk` */
  readonly code: string;
  readonly startNs: string;
  readonly endNs: string;
  readonly goroutine: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** The error that the function returned, where its result has a name. */
  readonly error?: string;
  readonly program: string;
  readonly pid: number;
  readonly ppid: number;
}

/**
 * `evidence/HOST/uprobes.jsonl`: a function of the path in a program as the host has it, and where the kernel was asked to note who comes by. Its
 * passages are in `uprobes.trace`, as the kernel printed them.
 */
export interface UprobeRecord {
  /** `dockerd`, `containerd`, `containerd-shim-runc-v2` or `runc`, and its file there. */
  readonly program: string;
  readonly file: string;
  /** The rule that found the function: name of the span. */
  readonly name: string;
  /** `libcontainer.(*Container).criuSwrk`; null: the program has none of that name. */
  readonly code: string | null;
  /** By which the kernel's lines name it (`n=NUMBER`); null: it was not probed. */
  readonly number: number | null;
  /** Offsets in the file: where it begins, behind the check of the stack, and every instruction by which it returns. */
  readonly entry: number | null;
  readonly returns: readonly number[];
  /** Why it was not probed. */
  readonly why: string | null;
}

/** Where instrumented programs write on a host, if that file is there when they begin; `$TRANSSHIP_SOURCE_EVENTS` names another, or (empty) none. */
export const sourceEventsFile = '/run/transship/source.jsonl';

/** `evidence/HOST/criu/files.json`: what CRIU left, for anchoring its relative clock (that host's clock). */
export interface CriuFilesRecord {
  /** CLOCK_REALTIME minus CLOCK_BOOTTIME, sampled on the host; null where it could not be had. */
  readonly realtimeMinusBoottimeNs: string | null;
  readonly files: readonly {
    /** `dump.log`, `restore.log`, `stats-dump`, `stats-restore`, or an image's name. */
    readonly name: string;
    readonly bytes: number;
    /** `null`: it came through a pipe. */
    readonly mtimeNs: string | null;
    /** Birth time where the file system has one. */
    readonly birthNs: string | null;
    /** How coarse the time of change is: an archive keeps whole seconds. */
    readonly resolutionNs?: string;
    /** The user's word for when a log begins (`--at`), and how far it may be off. */
    readonly zeroNs?: string;
    readonly zeroBoundNs?: string;
    /** An imported file: the path that the user gave. */
    readonly origin?: string;
  }[];
  /** Of an import: `parent` links of images folders, by which a chain of pre-dumps is known. */
  readonly parents?: readonly { readonly folder: string; readonly target: string }[];
}

/** `evidence/probe.jsonl`: what the probes saw; never every request, only what a reading is made of. */
export type ProbeRecord =
  | {
      readonly kind: 'ticker';
      readonly host: string;
      readonly lastBeforeNs: string;
      readonly firstAfterNs: string;
      readonly periodUs: number;
    }
  /** A time without answers, from the arrival of the last answer to that of the next (controller's clock). */
  | {
      readonly kind: 'gap';
      readonly probe: 'requests' | 'connection';
      readonly from: ProbeAnswer;
      readonly to: ProbeAnswer;
      /** The longest time in it in which the probe itself did not run. */
      readonly ownStallUs: number;
    }
  | {
      readonly kind: 'connection';
      readonly target: string;
      readonly event: 'open' | 'broken' | 'reopened' | 'closed';
      readonly atNs: string;
      /** Segments that TCP sent again on this connection, without those that had arrived; null where `ss` is missing or came too late. */
      readonly retransmits: number | null;
      readonly reason: string | null;
    }
  /** At the end, how well the open-loop probe kept its pace. */
  | {
      readonly kind: 'summary';
      readonly probe: 'requests';
      readonly answers: number;
      readonly targets: readonly {
        readonly target: string;
        readonly sent: number;
        readonly unsent: number;
        readonly unanswered: number;
        /** Connections tried. */
        readonly attempts: number;
        /** Of them those that nobody accepted or refused within 200 ms. */
        readonly silentAttempts: number;
        readonly intervalP50Us: number;
        readonly intervalP99Us: number;
      }[];
      readonly ownLagP99Us: number;
      readonly ownLagMaxUs: number;
    };

interface ProbeAnswer {
  /** `ADDRESS:PORT` */
  readonly target: string;
  readonly sentNs: string;
  readonly answeredNs: string;
}
