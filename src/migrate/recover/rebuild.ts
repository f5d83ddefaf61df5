import type { MovePlan } from '../../evidence/move-plan.ts';
import type { JournalRecord } from '../../evidence/records.ts';
import type { RunFolder } from '../../evidence/run-folder.ts';
import type { Host } from '../../hosts/host.ts';
import { patient } from '../../hosts/patience.ts';
import { nsPerMs } from '../../trace/time.ts';
import { stageFolder } from '../direct/stage.ts';
import type { DirectState } from '../direct/state.ts';
import { planAgain } from '../kept-plan.ts';
import { linksOfDetail } from '../source-links.ts';
import { type Found, type Move, nothingFound, type Report } from '../step.ts';

/** Clocks of hosts may differ; a container of our name, image and state that is older than this before we asked is somebody else's. */
const clockSlackMs = 60_000;

export interface Remembered {
  readonly kept: MovePlan;
  readonly journal: readonly JournalRecord[];
  readonly folder: RunFolder;
  readonly source: Host;
  readonly destination: Host;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The move as its controller had it in memory, as far as undoing, verifying and cleaning up need it. Copying is over: there is no route. */
export function moveAgain({ kept, journal, folder, source, destination, report, signal }: Remembered): Move {
  const reason = 'its controller is gone';
  const route = { source, destination, kind: 'controller', reason, ssh: null, [Symbol.asyncDispose]: async () => {} } as const;
  return {
    plan: planAgain(kept),
    source,
    destination,
    route,
    folder,
    signal,
    found: foundAgain(kept, journal),
    report,
    note: () => {},
  };
}

function foundAgain(kept: MovePlan, journal: readonly JournalRecord[]): Found {
  const find = (step: string, event: JournalRecord['event']) =>
    journal.find((record) => record.step === step && record.event === event);
  const bytesOf = (...steps: readonly string[]) =>
    steps.reduce((sum, step) => sum + Number(find(step, 'end')?.detail.bytes ?? 0), 0);
  const id = find('create-destination', 'end')?.detail.id;
  const asked = find('create-destination', 'begin');
  return {
    ...nothingFound([]),
    destinationId: typeof id === 'string' ? id : null,
    askedSince: asked === undefined ? null : new Date(Number(BigInt(asked.atNs) / nsPerMs) - clockSlackMs).toISOString(),
    imagesBytes: find('copy-images', 'end') === undefined ? null : bytesOf('copy-images'),
    links: linksOfDetail(find('pause', 'end')?.detail),
    layerBytes: bytesOf('copy-layer', 'copy-layer-changes'),
    volumeBytes: kept.volumes.some(({ mode }) => mode === 'copy') ? bytesOf('copy-volumes', 'copy-volume-changes') : null,
    direct: find('stage', 'begin') === undefined ? null : directAgain(kept, find('warm-destination', 'begin') !== undefined),
  };
}

/** What the dump and the page channel were told stands in the stage, where the scripts read it. */
function directAgain({ checkpoint, source, destination }: MovePlan, isWarm: boolean): DirectState {
  const folder = stageFolder(checkpoint);
  const work = ({ mark }: MovePlan['source']) => mark.criuFolder ?? `${folder}/work`;
  return {
    folder,
    traits: { freezer: '', frozen: '', thawed: '', links: [], lanLinks: [], pid: 0, otherLinks: [] },
    work: { source: work(source), destination: work(destination) },
    channel: { source: '', destination: '', port: 0 },
    // who called Docker is gone, and with it the answer
    started: isWarm ? Promise.resolve(null) : null,
    dump: null,
    // a link that was mended is used again when TCP's timer ends, which is then two minutes long (TCP_RTO_MAX, include/net/tcp.h)
    stallLimitMs: patient(150_000),
  };
}
