import type { RunFolder } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import type { Marks, Watches } from './collect-both.ts';
import { mark } from './mark.ts';
import { type NativeSpans, openNativeSpans } from './native-spans.ts';
import { type Observation, openObservation } from './observation.ts';
import type { Plan } from './plan.ts';
import { openWatch, type WatchRequest } from './watch.ts';

export interface RecordersRequest {
  readonly plan: Plan;
  readonly source: Host;
  readonly destination: Host;
  readonly folder: RunFolder;
  readonly isProbed: boolean;
  /** The move's own folder on the hosts; null: the strategy has none. */
  readonly stage: string | null;
  readonly watch: WatchRequest;
}

/** All that looks on while a move lasts. */
export interface Recorders extends AsyncDisposable {
  readonly marks: Marks;
  readonly watches: Watches;
  readonly native: NativeSpans;
  readonly observation: Observation;
}

/**
 * Opened side by side, before the first step: one after the other they take as long as a small container's whole dump.
 * @throws what a host answers that cannot say where its logs stand; then nothing is left open
 */
export async function openRecorders({ stage, watch, ...request }: RecordersRequest): Promise<Recorders> {
  const { source, destination, folder } = request;
  const natives = openNativeSpans(folder, [source, destination]);
  const watching = [openWatch(source, watch), openWatch(destination, watch)] as const;
  const observing = openObservation(request);
  const marking = [mark(source, stage), mark(destination, stage)] as const;
  const close = async () => {
    // one that was not opened has nothing to close
    await Promise.all([natives, ...watching].map((one) => one.then((opened) => opened[Symbol.asyncDispose]()).catch(() => {})));
  };
  try {
    const opening = Promise.all([...marking, ...watching, natives, observing]);
    const [atSource, atDestination, onSource, onDestination, native, observation] = await opening;
    return {
      marks: { source: atSource, destination: atDestination },
      watches: { source: onSource, destination: onDestination },
      native,
      observation,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await observing.then((begun) => begun.close(null, [])).catch(() => {});
    await close();
    throw error;
  }
}
