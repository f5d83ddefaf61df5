import type { ProbeReading } from '../evidence/manifest.ts';
import type { ProbeRecord } from '../evidence/records.ts';
import { createGapLog, type GapLog, gapMs } from './gap-log.ts';
import { gapRecord } from './gap-record.ts';
import { createLagMeter, type LagMeter } from './lag-meter.ts';
import { type Target, targetName } from './probe-socket.ts';
import { type ProtocolName, protocolOf } from './protocol.ts';
import { RequestTarget } from './request-target.ts';
import { requestsReading, requestsSummary } from './requests-reading.ts';
import type { RetransmitReader } from './retransmits.ts';

const periodMs = 1;
/** Shorter gaps are not recorded, but the one that the reading is made of. */
const recordedGapMs = 20;
const mostRecordedGaps = 200;

export interface ProbeOptions {
  /** Where the container is, then where it is expected; one alone where the address moves along. */
  readonly targets: readonly Target[];
  readonly protocol: ProtocolName;
  readonly onFirstAnswer: (target: string) => void;
  readonly onRecord: (record: ProbeRecord) => void;
  readonly retransmitReader: RetransmitReader;
}

export interface RunningProbe {
  /** Ends it. Called once. */
  stop(): Promise<ProbeReading>;
}

/**
 * The open-loop probe: a request each millisecond to each target, whether or not the last was answered.
 * Its gap runs from the arrival of the last answer by the source to that of the first one by the destination;
 * where nothing moved it is the longest time without any answer.
 */
export function startRequests(options: ProbeOptions): RunningProbe {
  const { protocol, onRecord } = options;
  const [, destination] = options.targets;
  const lag = createLagMeter(periodMs);
  let recordedGaps = 0;
  const log = createGapLog({
    destination: destination === undefined ? null : targetName(destination),
    thresholdMs: recordedGapMs,
    onGap: (gap) => {
      recordedGaps += 1;
      if (recordedGaps <= mostRecordedGaps) onRecord(gapRecord('requests', gap));
    },
  });
  const targets = targetsOf(options, log, lag);
  const timer = setInterval(() => {
    const { nowMs, due } = lag.tick();
    for (const target of targets) target.tick(nowMs, due);
  }, periodMs);
  return {
    async stop() {
      clearInterval(timer);
      const endMs = performance.now();
      const answering = targets.find((target) => target.name === log.last?.target);
      const retransmits = (await answering?.readRetransmits(options.retransmitReader)) ?? null;
      const seen = { log, targets, lag, protocol, endMs, retransmits };
      const { reading, gap } = requestsReading(seen);
      const isRecorded = gap !== null && gapMs(gap) >= recordedGapMs && recordedGaps <= mostRecordedGaps;
      if (gap !== null && !isRecorded) onRecord(gapRecord('requests', gap));
      onRecord(requestsSummary(seen));
      for (const target of targets) target.close();
      return reading;
    },
  };
}

function targetsOf(options: ProbeOptions, log: GapLog, lag: LagMeter): readonly RequestTarget[] {
  return options.targets.map(
    (target, index) =>
      new RequestTarget({
        target,
        protocol: protocolOf(options.protocol, targetName(target)),
        hedged: index > 0,
        onAnswer: (answer) => {
          if (log.answers === 0) options.onFirstAnswer(answer.target);
          log.add(answer, lag.takeStallMs());
        },
      }),
  );
}
