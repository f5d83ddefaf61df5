import { runPhases } from '../evidence/records.ts';
import { migrationSteps } from '../evidence/steps.ts';
import type { PathLayer } from '../instrument/path-rule.ts';
import { pathRules } from '../instrument/path-rules.ts';
import { notifications } from '../layers/criu/notifications.ts';
import { logKinds, type Phase } from '../layers/criu/phase.ts';
import { phaseTables } from '../layers/criu/phase-tables.ts';
import { restoreBarrier, restoreTask } from '../layers/criu/restore-phases.ts';
import { serviceOf } from '../layers/criu/spans.ts';
import { type PartRule, requestRules } from '../layers/dockerd/rules.ts';
import { setKey } from '../layers/dockerd/spans.ts';
import { nativeOperations } from '../layers/native/operations.ts';
import { nativeStretches } from '../layers/native/stretches.ts';
import {
  criuCalls,
  runcCall,
  runcCommands,
  runcVersion,
  runcWork,
  shimCalls,
  startedPrograms,
} from '../layers/processes/names.ts';
import { namedPrograms } from '../layers/transship/calls.ts';
import { hostParts } from '../layers/transship/host-marks.ts';
import { isOwnWork } from '../layers/transship/steps.ts';
import { criuEdges } from '../trace/criu-edges.ts';
import { gapRules, holderServices } from '../trace/gap-rules.ts';
import { type InferenceName, inferenceRules } from '../trace/inference-rules.ts';
import type { Service } from '../trace/layer-spans.ts';
import { downtimeName, unexplainedName } from '../trace/trace-leaves.ts';

/** What a span is called. Tables of phases, rules and steps stand where they are walked; here they are read. */
export interface OperationEntry {
  /** A `*` stands for any words: names that the evidence gives. */
  readonly name: string;
  readonly service: Service;
  readonly meaning: string;
  /** Where it begins or what does it: the layer's own file and function, or ours. */
  readonly source: string;
  /** It holds what others do, or waits for it: it explains nothing by itself. */
  readonly isWait: boolean;
}

function criuOperations(): readonly OperationEntry[] {
  return logKinds.flatMap((kind) => {
    const service = serviceOf(kind);
    const whole = { name: `criu.${kind}`, service, meaning: 'the whole log', source: 'main', isWait: false };
    const phases: readonly Phase[] = kind === 'restore' ? [...phaseTables[kind], restoreTask, restoreBarrier] : phaseTables[kind];
    return [
      whole,
      ...phases.map(({ name, source, code, isWait }) => ({
        ...{ name, service, meaning: source, source: code, isWait: isWait === true },
      })),
    ];
  });
}

function dockerdOperations(): readonly OperationEntry[] {
  const ofPart = ({ name, service, why, isSeveral }: PartRule): OperationEntry => ({
    ...{ name, service, ...inferred(why), isWait: isSeveral === true },
  });
  return [
    ...requestRules.flatMap(({ name, parts }): readonly OperationEntry[] => [
      {
        ...{ name, service: 'dockerd', source: 'api/server/router/container', isWait: true },
        meaning: 'the request, from the line that announces it to the last thing it is known to do',
      },
      ...parts.map(ofPart),
    ]),
    {
      ...{ name: setKey.name, service: 'dockerd', source: setKey.code, isWait: false },
      meaning: 'the prestart hook came back to dockerd, which says how long it took',
    },
  ];
}

function ownOperations(): readonly OperationEntry[] {
  const own = (name: string, meaning: string, source: string, isWait = true): OperationEntry => ({
    ...{ name, service: 'transship', meaning, source, isWait },
  });
  const journal = 'journal.jsonl';
  return [
    own('migration', 'the whole run', 'run.json', false),
    ...runPhases.map((phase) => own(`migration.${phase}`, 'from the first begin to the last end of its steps', journal, false)),
    own('migration.rollback', 'as the phases: what undid a step', journal, false),
    ...migrationSteps.map(({ step, phase }) =>
      own(`migration.${phase}.${step}`, 'one try of the step', journal, !isOwnWork(step)),
    ),
    own('migration.rollback.*', 'the step of that name was undone', journal),
    own('docker.api *', 'a call of a host’s Docker API: method and path, ids taken out', 'api.jsonl'),
    ...[...namedPrograms, 'sh'].map((program) =>
      own(
        `shell ${program}`,
        'a command on a host’s shell, by the first known program in it; waited for where its step waits',
        'commands.jsonl',
        false,
      ),
    ),
    ...['ticker', 'requests', 'connection'].map((kind) => own(`probe.${kind}`, 'the longest time without an answer', 'run.json')),
    own(downtimeName, 'last freeze to first resume', 'src/trace/downtime-window.ts'),
    own(unexplainedName, 'a stretch of the downtime that no evidence names', 'src/trace/explained.ts'),
    own('record', 'the command that `transship record` ran, from its start to its end', 'processes.jsonl'),
    own(
      'process *',
      'a process below it: its program, and what of `checkpoint`, `restore` … it was asked for',
      'processes.jsonl',
    ),
    ...['migrate', 'send', 'export'].map((command) =>
      own(
        `transship ${command}`,
        'the command itself, live, where `OTEL_EXPORTER_OTLP_ENDPOINT` is set',
        'src/export/live-telemetry.ts',
      ),
    ),
  ];
}

function processOperations(): readonly OperationEntry[] {
  const source = 'kernel.trace, wrap.jsonl';
  const runc = (name: string, meaning: string): OperationEntry => ({ name, service: 'runc', meaning, source, isWait: true });
  return [
    ...runcCommands.map((command) =>
      runc(`runc.${command}`, `a call of \`runc ${command}\`, from the program's start to its end`),
    ),
    runc(runcVersion, 'a call of `runc --version`: dockerd asks it now and then'),
    runc(runcCall, 'a call of runc whose words nobody noted'),
    { ...runcWork, service: 'runc', isWait: false },
    ...criuCalls.map((call): OperationEntry => ({ ...call, service: 'runc' })),
    ...shimCalls.map((call): OperationEntry => ({ ...call, service: 'containerd-shim', isWait: false })),
    ...startedPrograms.map(
      (program): OperationEntry => ({
        ...{ name: `program ${program}`, source: 'kernel.trace', isWait: false },
        // of whichever layer has started it: the one that does so most
        service: 'criu',
        meaning:
          program === 'other'
            ? 'a program of no name in this list (`process.executable.path`), started by the service that the span is of'
            : `the program ${program}, started by the service that the span is of`,
      }),
    ),
    ...criuEdges.map((edge): OperationEntry => ({ ...edge, service: 'criu', isWait: false })),
    ...notifications.map(
      ({ hook, meaning }): OperationEntry => ({
        ...{ name: `runc.notify.${hook}`, service: 'runc', meaning, isWait: false },
        source: 'libcontainer/criu_linux.go criuNotifications',
      }),
    ),
  ];
}

function hostOperations(): readonly OperationEntry[] {
  return hostParts.map(({ name, service, begins, ends, isWait }) => ({
    ...{ name, service, source: 'marks.log', isWait: isWait === true },
    meaning: `from the mark \`${begins}\` to \`${ends}\` of the host’s script`,
  }));
}

/** The daemons' own spans, and what they do between two of them. */
function nativeEntries(): readonly OperationEntry[] {
  return [
    ...nativeOperations.map(({ name, service, meaning, source, isWait }) => ({ name, service, meaning, source, isWait })),
    ...nativeStretches.map(({ name, service, why }) => ({ name, service, ...inferred(why), isWait: false })),
  ];
}

const serviceOfLayer: Readonly<Record<PathLayer, Service>> = {
  dockerd: 'dockerd',
  'containerd-client': 'dockerd',
  containerd: 'containerd',
  'containerd-shim': 'containerd-shim',
  'go-runc': 'containerd-shim',
  runc: 'runc',
  criu: 'criu',
};

function sourceOperations(): readonly OperationEntry[] {
  const spanned = pathRules.filter(({ noSpan }) => noSpan === undefined);
  return spanned.map(({ name, layer, does, packages, function: code, calls = [] }) => ({
    ...{ name, service: serviceOfLayer[layer], meaning: does, source: `${packages[0]} ${code}` },
    isWait: calls.some(({ via }) => via === 'exec' || via === 'grpc' || via === 'ttrpc'),
  }));
}

/** Every name that a span of ours can have, each once for a service. */
export const operationCatalogue: readonly OperationEntry[] = firstOfEach([
  ...ownOperations(),
  ...processOperations(),
  ...hostOperations(),
  ...sourceOperations(),
  ...dockerdOperations(),
  ...nativeEntries(),
  ...criuOperations(),
  ...gapRules.flatMap(({ name, service, why }) =>
    (service === undefined ? holderServices : [service]).map((of) => ({ name, service: of, ...inferred(why), isWait: false })),
  ),
]);

function inferred(why: InferenceName): { readonly meaning: string; readonly source: string } {
  const { reason, source } = inferenceRules[why];
  return { meaning: reason, source };
}

/** Two rules may give one name: `docker start` with a checkpoint, and without. */
function firstOfEach(entries: readonly OperationEntry[]): readonly OperationEntry[] {
  const byName = new Map<string, OperationEntry>();
  for (const entry of entries) {
    const key = `${entry.service} ${entry.name}`; // a call has one name on either side of it
    if (!byName.has(key)) byName.set(key, entry);
  }
  return [...byName.values()];
}
