import type { ApiRecord, CommandRecord } from '../../evidence/records.ts';
import type { Attributes, AttributeValue, LayerSpan } from '../../trace/layer-spans.ts';
import { causedBy } from '../../trace/leaf-causes.ts';
import { apiTemplate } from './api-template.ts';

/** Where a call was made, and under which span it hangs. */
export interface CallPlace {
  readonly key: string;
  readonly parentKey: string;
  readonly host: string;
  readonly role: string | null;
}

/** A call of a host's Docker API: it is merely waited for. */
export function apiSpan(record: ApiRecord, place: CallPlace): LayerSpan {
  const template = apiTemplate(record.path);
  const attributes: Record<string, AttributeValue> = {
    ...placeAttributes(place),
    'http.request.method': record.method,
    'url.path': record.path.split('?')[0] ?? '',
    'url.template': template,
  };
  if (record.status !== null) attributes['http.response.status_code'] = record.status;
  const error = apiError(record);
  return {
    key: place.key,
    ...(record.spanId === undefined ? {} : { spanId: record.spanId }),
    parentKey: place.parentKey,
    name: `docker.api ${record.method} ${template}`,
    startNs: BigInt(record.startNs),
    endNs: BigInt(record.endNs),
    evidence: 'bounded',
    attributes,
    events: [],
    isWait: true,
    ...(error === null ? {} : { error }),
  };
}

/** "Not found" is an answer to a question, not a failure. */
function apiError(record: ApiRecord): string | null {
  if (record.status === null) return record.error ?? 'no answer';
  if (record.status < 400 || record.status === 404) return null;
  return record.error ?? `status ${record.status}`;
}

/** The first of these programs that a command runs names its span; the list is closed so that names are few. */
// biome-ignore format: one list
export const namedPrograms = [
  'tar', 'ssh', 'rsync', 'docker', 'criu', 'ip', 'nft', 'cp', 'mv', 'rm', 'mkdir', 'cat', 'head', 'stat', 'sed', 'find', 'df', 'perl',
  'journalctl', 'du', 'unshare',
] as const;
const programs = new RegExp(`(?:^|[\\s;|{(&'"])(${namedPrograms.join('|')})(?=\\s)`);

const commandLimit = 400;

/** A command on a host's shell: one thing happening when its step is our own work, else waited for. */
export function commandSpan(record: CommandRecord, place: CallPlace & { readonly isWait: boolean }): LayerSpan {
  const attributes: Record<string, AttributeValue> = {
    ...placeAttributes(place),
    'process.command_line': record.command.slice(0, commandLimit),
  };
  if (!place.isWait) Object.assign(attributes, causedBy('command'));
  if (record.exitCode !== null) attributes['process.exit.code'] = record.exitCode;
  return {
    key: place.key,
    parentKey: place.parentKey,
    name: `shell ${programs.exec(record.command)?.[1] ?? 'sh'}`,
    startNs: BigInt(record.startNs),
    endNs: BigInt(record.endNs),
    evidence: 'bounded',
    attributes,
    events: [],
    isWait: place.isWait,
    ...(record.error === null ? {} : { error: record.error }),
  };
}

function placeAttributes({ host, role }: CallPlace): Attributes {
  return role === null ? { 'migration.host': host } : { 'migration.host': host, 'migration.role': role };
}
