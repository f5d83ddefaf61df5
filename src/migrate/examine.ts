import { TransshipError } from '../error.ts';
import { isDirect } from '../hosts/check.ts';
import type { Host } from '../hosts/host.ts';
import type { DiskNeed } from '../hosts/need.ts';
import { type Allowed, type CheckResult, preflight } from '../hosts/preflight.ts';
import { formatBytes } from '../hosts/sizes.ts';
import { runtimeStatus } from '../wrap/status.ts';
import { messageOf } from './engine.ts';
import { obstaclesOf } from './equal/create-options.ts';
import type { Inspect } from './equal/inspect.ts';
import { type NetworkPlan, planNetworks } from './equal/networks.ts';
import { type ImagePlan, planImage } from './whole/image.ts';
import { volumeNeeds } from './whole/volume-sizes.ts';
import type { VolumesOption } from './whole/volumes-option.ts';
import { examineVolumes, type VolumePlan } from './whole/volumes-plan.ts';

export interface ExamineRequest {
  readonly source: Host;
  /** Null: the source is looked at alone. */
  readonly destination: Host | null;
  /** Null: only the hosts are looked at. */
  readonly inspect: Inspect | null;
  readonly options: Allowed & { readonly volumes: VolumesOption };
}

/** What was looked at; null where a failed check says why it cannot be had. */
export interface Examined {
  readonly checks: readonly CheckResult[];
  readonly image: ImagePlan | null;
  readonly networks: NetworkPlan | null;
  readonly volumes: readonly VolumePlan[];
}

/** All that a migration would touch, and all that it would refuse: `migrate`, its `--dry-run` and `doctor` ask here. Touches nothing. */
export async function examine({ source, destination, inspect, options }: ExamineRequest): Promise<Examined> {
  const hosts = { source, ...(destination === null ? {} : { destination }) };
  const nothing = { image: null, networks: null, volumes: [] };
  if (inspect === null) return { ...nothing, checks: await preflight({ ...hosts, allowed: options }) };
  const found = await lookAt({ source, destination, inspect, options });
  const brought = { imageBytes: found.imageBytes, volumes: found.volumeNeeds, isThroughDocker: !isDirect(options) };
  const checks = await preflight({ ...hosts, container: inspect, allowed: options, brought });
  const isMute = checks.some(({ name, status }) => name === 'docker' && status === 'fail');
  // where Docker does not answer, that is the one thing to be said
  return isMute ? { ...nothing, checks } : { ...found, checks: [...checks, ...found.rows] };
}

/** @throws TransshipError `not-ready`: the first check that failed, with the others in its message */
export function refuseFailed(checks: readonly CheckResult[]): void {
  const [first, ...others] = checks.filter((check) => check.status === 'fail');
  if (first === undefined) return;
  const more = others.map((check) => `; also on ${check.host}: ${check.found}`).join('');
  throw new TransshipError('not-ready', `${first.host}: ${first.found}${more}`, first.hint);
}

type Looked = Omit<Examined, 'checks'> & {
  readonly rows: readonly CheckResult[];
  readonly imageBytes: number;
  readonly volumeNeeds: readonly DiskNeed[];
};

async function lookAt(request: ExamineRequest & { readonly inspect: Inspect }): Promise<Looked> {
  const { source, destination, inspect, options } = request;
  const pair = destination === null ? null : { source, destination };
  const image = pair && (await planImage(pair, inspect).catch(asError));
  const networks = pair && (await planNetworks(pair, inspect).catch(asError));
  const volumes = await examineVolumes({ source, destination }, inspect, options.volumes).catch((error) => ({
    plans: [],
    problems: [asError(error)],
  }));
  const sized = await volumeNeeds(source, volumes.plans);
  const imagePlan = image instanceof Error ? null : image;
  const names = { source: source.name, destination: destination?.name ?? source.name };
  return {
    image: imagePlan,
    networks: networks instanceof Error ? null : networks,
    volumes: volumes.plans,
    imageBytes: imagePlan?.isMissing ? imagePlan.sizeBytes : 0,
    volumeNeeds: sized,
    rows: [
      ...(destination === null || !isDirect(options) ? [] : [await runtimeRow(destination, options)]),
      ...rowsOf('alone', names.source, { problems: obstaclesOf(inspect), found: 'shares nothing with another container' }),
      ...(image === null ? [] : rowsOf('image', names.destination, resultOf(image, imageWords))),
      ...(networks === null ? [] : rowsOf('networks', names.destination, resultOf(networks, networkWords))),
      ...rowsOf('volumes', names.source, { problems: volumes.problems, found: volumeWords(volumes.plans, sized) }),
    ],
  };
}

function asError(error: unknown): TransshipError {
  if (error instanceof TransshipError) return error;
  return new TransshipError('not-ready', messageOf(error), 'what Docker says there: docker events, and its log', {
    cause: error,
  });
}

interface Result {
  readonly problems: readonly { readonly message: string; readonly hint: string }[];
  /** What is said when there is no problem. */
  readonly found: string;
}

function resultOf<T>(planned: T | TransshipError, words: (plan: T) => string): Result {
  if (planned instanceof TransshipError) return { problems: [planned], found: '' };
  return { problems: [], found: words(planned) };
}

const whys = {
  alone: 'what it shares with another container, or with the host, stays behind',
  image: 'the container is made anew from its own image',
  networks: 'the container keeps its networks, and its fixed addresses in them',
  volumes: "what lies outside the container's own layers does not move by itself",
} as const;

/** A row for each problem, on the host that its message names. */
function rowsOf(name: keyof typeof whys, host: string, { problems, found }: Result): readonly CheckResult[] {
  const why = whys[name];
  if (problems.length === 0) return [{ name, host, status: 'ok', found, why, hint: 'nothing to do' }];
  return problems.map(({ message, hint }) => {
    const [, place, rest] = /^([\w.-]+): (.*)$/s.exec(message) ?? [];
    return { name, host: place ?? host, status: 'fail', found: rest ?? message, why, hint };
  });
}

async function runtimeRow(destination: Host, { installsRuntime }: Allowed): Promise<CheckResult> {
  const why = 'the restore happens inside docker start, by our OCI runtime';
  const hint = `transship wrap install ${destination.endpoint}, or add --yes`;
  const { isInstalled, isCurrent } = await runtimeStatus(destination).catch(() => ({ isInstalled: false, isCurrent: false }));
  const row = { name: 'runtime', host: destination.name, why, hint } as const;
  if (isInstalled && isCurrent) return { ...row, status: 'ok', found: 'it has our runtime' };
  const found = isInstalled ? 'our runtime there is of another version' : 'it has no runtime of ours';
  return installsRuntime ? { ...row, status: 'ok', found: `${found}, and will get it` } : { ...row, status: 'fail', found };
}

function imageWords({ isMissing, reference, sizeBytes }: ImagePlan): string {
  return isMissing ? `${reference}: to be sent, ${formatBytes(sizeBytes)}` : `${reference} is there`;
}

function networkWords({ create }: NetworkPlan): string {
  return create.length === 0 ? 'none to be made' : `to be made: ${create.map(({ Name }) => Name).join(', ')}`;
}

function volumeWords(plans: readonly VolumePlan[], needs: readonly DiskNeed[]): string {
  if (plans.length === 0) return 'none';
  const bytes = needs.reduce((sum, need) => sum + need.bytes, 0);
  const list = plans.map(({ place, name, from, mode }) => `${place} (${name ?? from}): ${mode}`).join(', ');
  return bytes === 0 ? list : `${list}; ${formatBytes(bytes)} to be sent`;
}
