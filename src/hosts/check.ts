import type { ContainerInspectInfo } from 'dockerode';
import type { HostFacts } from '../evidence/manifest.ts';
import type { Host } from './host.ts';
import type { Need } from './need.ts';

/** `fail`: a migration would fail or do harm; `warn`: it goes on, but this should be known. */
type CheckStatus = 'ok' | 'warn' | 'fail';

export interface CheckResult {
  readonly name: string;
  /** Short name of the host that it is about. */
  readonly host: string;
  /** The destination, where it is about both. */
  readonly peer?: string;
  readonly status: CheckStatus;
  /** What was seen. */
  readonly found: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do; for a check that passed: what would be to do. */
  readonly hint: string;
}

/** What a probe saw; `hint` where it knows better than its row of the table. */
export interface Finding {
  readonly status: CheckStatus;
  readonly found: string;
  readonly hint?: string;
}

/** A row of a table of checks. A probe that finds that it has nothing to look at gives null, and the row is left out. */
export interface Check<Subject> {
  readonly name: string;
  readonly why: string;
  readonly hint: string;
  readonly probe: (subject: Subject) => Finding | null | Promise<Finding | null>;
}

export interface DockerInfo {
  readonly ExperimentalBuild: boolean;
  readonly DockerRootDir: string;
  readonly SecurityOptions: readonly string[];
  readonly CgroupDriver: string;
  readonly DefaultRuntime: string;
  /** By name. */
  readonly Runtimes: Readonly<Record<string, unknown>>;
  /** Of the storage. */
  readonly Driver: string;
}

export interface HostSubject {
  readonly host: Host;
  readonly facts: HostFacts;
  /** Null when Docker does not answer; the row `docker` says why. */
  readonly info: DockerInfo | null;
  /** What the container will need here; null where it is not known. */
  readonly need: Need | null;
  readonly allowed: Allowed;
}

export interface PairSubject {
  readonly source: HostSubject;
  readonly destination: HostSubject;
  readonly allowed: Allowed;
}

export interface ContainerSubject {
  readonly inspect: ContainerInspectInfo;
  readonly source: HostSubject;
  readonly destination: HostSubject | null;
  readonly allowed: Allowed;
}

/** What the user has agreed to on the command line. */
export interface Allowed {
  readonly dropExecs?: boolean;
  /** Docker's path with no safety: the dump kills the source. */
  readonly isPlain?: boolean;
  /** Our runtime is put on the destination before the move, where it is missing. */
  readonly installsRuntime?: boolean;
  /** Connections are to move along. */
  readonly tcpEstablished?: boolean;
  /** This address of the source moves along with a container on the host network. */
  readonly movingAddress?: string;
  /** The page channel is not encrypted. */
  readonly plainPages?: boolean;
  /** How state travels; without it, Docker's own path. */
  readonly strategy?: string;
}

/** Past Docker's content store and its experimental mode, by runc itself and our runtime. */
export function isDirect({ strategy = 'docker' }: Allowed): boolean {
  return strategy !== 'docker';
}

/** CRIU's own channel carries their memory, by a TCP port of its own; that of the others goes by ssh. */
const byPageChannel: readonly (string | undefined)[] = ['diskless', 'post-copy', 'hybrid'];

export function hasPageChannel({ strategy }: Allowed): boolean {
  return byPageChannel.includes(strategy);
}

export const ok = (found: string): Finding => ({ status: 'ok', found });
export const warn = (found: string, hint?: string): Finding => finding('warn', found, hint);
export const fail = (found: string, hint?: string): Finding => finding('fail', found, hint);

function finding(status: CheckStatus, found: string, hint: string | undefined): Finding {
  return hint === undefined ? { status, found } : { status, found, hint };
}

/** Runs a table in its order; a probe that throws is a failed check. */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  host: string,
): Promise<readonly CheckResult[]> {
  const findings = await Promise.all(checks.map((check) => findingOf(check, subject, host)));
  return checks.flatMap(({ name, why, hint }, index) => {
    const found = findings[index];
    return found === null || found === undefined ? [] : [{ name, host, why, hint, ...found }];
  });
}

async function findingOf<Subject>(check: Check<Subject>, subject: Subject, host: string): Promise<Finding | null> {
  try {
    return await check.probe(subject);
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return fail(message.replace(`${host}: `, ''), hint); // the host has a column of its own
  }
}
