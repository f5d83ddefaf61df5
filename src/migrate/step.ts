import type { RunFolder } from '../evidence/run-folder.ts';
import type { StepName } from '../evidence/steps.ts';
import type { Host } from '../hosts/host.ts';
import type { DirectState } from './direct/state.ts';
import type { PlannedMove } from './plan.ts';
import type { SourceLinks } from './source-links.ts';
import type { FolderSynced } from './whole/folder-sync.ts';
import type { Route } from './whole/route.ts';
import type { VolumesSynced } from './whole/volumes.ts';

/** What a step may tell the journal about itself. */
export type StepDetail = Readonly<Record<string, string | number | boolean | null>>;

/** What steps share: the plan, both hosts, and what earlier steps found out. */
export interface Move {
  readonly plan: PlannedMove;
  readonly source: Host;
  readonly destination: Host;
  /** How bulk data goes from the one to the other. */
  readonly route: Route;
  readonly folder: RunFolder;
  readonly signal: AbortSignal;
  readonly found: Found;
  readonly report: Report;
  /** Writes down what happened while a step goes on; `host` is null where it is both. */
  readonly note: (step: StepName, host: Host | null, detail: StepDetail) => void;
}

/** Filled by the steps as they go; everything else of a move is readonly. */
export interface Found {
  destinationId: string | null;
  /** Since when Docker is asked to create it; null: it was not, or has refused. */
  askedSince: string | null;
  /** CRIU's images. */
  imagesBytes: number | null;
  /** What came after the container had gone on. */
  pagesBytes: number | null;
  layerBytes: number;
  volumeBytes: number | null;
  /** What the live passes returned, for the passes after the freeze. */
  layer: FolderSynced | null;
  log: FolderSynced | null;
  volumes: VolumesSynced | null;
  /** Only of strategies that go past Docker's content store. */
  direct: DirectState | null;
  /** By which the way of the memory was tried before the first step. */
  triedPort: number | null;
  /** Hosts whose folder of the move could not be removed. */
  stagedOn: string[];
  /** What ties the source to its network, where a step of ours cuts it by itself; those past Docker's content store have it in their stage. */
  links: SourceLinks | null;
  /** When the container stood still, by `performance.now()`; null before. */
  frozenAtMs: number | null;
  /** When it was let go again on the source. */
  thawedAtMs: number | null;
  /** Pages that have not come can come no more: of two kept halves one way remains. */
  isMemoryLost: boolean;
  /** Set when the downtime limit was over: the end of the step that was given up, which goes on for itself; it never rejects. */
  givenUp: Promise<void> | null;
  readonly warnings: string[];
}

export function nothingFound(warnings: readonly string[]): Found {
  return {
    destinationId: null,
    askedSince: null,
    imagesBytes: null,
    pagesBytes: null,
    layerBytes: 0,
    volumeBytes: null,
    layer: null,
    log: null,
    volumes: null,
    direct: null,
    triedPort: null,
    stagedOn: [],
    links: null,
    frozenAtMs: null,
    thawedAtMs: null,
    isMemoryLost: false,
    givenUp: null,
    warnings: [...warnings],
  };
}

/** Where a move tells what goes on; the terminal is one listener. */
export interface Report {
  step(event: StepEvent): void;
  /** From here on an interrupt changes nothing any more. */
  noReturn(): void;
  progress(line: string): void;
}

export interface StepEvent {
  readonly step: StepName;
  readonly host: string | null;
  readonly state: 'begin' | 'end' | 'failed' | 'undone' | 'undo-failed';
  readonly durationMs: number | null;
  readonly detail: StepDetail;
}

/**
 * One thing that a migration does. `undo` puts back what keeps the source from being the one live copy: it is quick,
 * and right also when `do` stopped half-way. `tidy` removes what is left, after the source runs again.
 */
export interface Step {
  readonly name: StepName;
  readonly on: 'source' | 'destination' | 'both';
  /** What the plan prints. */
  readonly about: string;
  do(move: Move): Promise<StepDetail | undefined>;
  undo?(move: Move): Promise<void>;
  tidy?(move: Move): Promise<void>;
  /** While its undo has failed the destination may be live, and the source must not go on: no earlier step is undone. */
  readonly undoMustHold?: true;
  /**
   * While it goes on the newest state lies on two hosts: an interrupt changes nothing any more, and when it fails nobody decides by himself,
   * but where it throws `EndedThere`. `undo` then sees to it that neither side goes on; both halves are kept.
   */
  readonly keepsHalves?: true;
  /** Past the downtime limit it is given up. */
  readonly standsStill?: true;
  /**
   * Asked then: how long the container stood still, where it goes on on the destination by now. A roll-back would undo what it answers there, and
   * make the freeze no shorter. Null: it does not, or nobody says.
   */
  stoodStillMs?(move: Move): Promise<number | null>;
  /** When it is done the destination is the live copy: nothing is rolled back any more. */
  readonly commits?: true;
}
