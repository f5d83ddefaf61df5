import { basename, dirname } from 'node:path';
import type { InstallPlan } from '../wrap/install.ts';
import type { Removal } from '../wrap/remove.ts';
import {
  afterFile,
  beforeFile,
  calledPrograms,
  callsFolder,
  madeFolderFile,
  runtimeFolder,
  runtimeName,
} from '../wrap/runtime-place.ts';
import type { RuntimeStatus } from '../wrap/status.ts';
import { escapeText } from './terminal.ts';

/** Lines of the file that are shown around the change. */
const contextLines = 1;

/** Everything that an installation touches, and what it does not. */
export function installLines(plan: InstallPlan): readonly string[] {
  const { scripts, before, after, isReload, daemonPid } = plan;
  const calls = calledPrograms.map((name) => `${basename(callsFolder)}/${name}`);
  return [
    ...(scripts.length > 0
      ? [
          `folder   ${runtimeFolder}${plan.hasFolder ? '' : ' (new)'}: ${scripts.join(', ')};`,
          `         ${calls.join(', ')} (links to call)`,
        ]
      : []),
    ...(before === after ? [] : configLines(plan)),
    ...(isReload
      ? [
          `signal   SIGHUP to dockerd (process ${daemonPid}): it reads the whole file again, other edits since its start included; no container stops`,
        ]
      : []),
    'reaches  no other container: the default runtime is unchanged, /etc/criu/runc.conf and PATH are not touched;',
    `         only containers made with --runtime ${runtimeName} use it`,
  ];
}

function configLines({ configFile, hasConfigFolder, before, after }: InstallPlan): readonly string[] {
  const file = escapeText(configFile);
  const folder = dirname(file);
  const isNew = before === null;
  const kept = [
    ...(isNew ? [] : [`         as it is now it is kept in ${beforeFile}`]),
    `         as it will be it is kept in ${afterFile}`,
  ];
  const made = [`folder   ${folder} (new)`, `         that it was made is kept in ${madeFolderFile}`];
  return [
    ...(hasConfigFolder ? [] : made),
    `file     ${file}${isNew ? ' (new)' : ''}`,
    ...diffLines(before ?? '', after).map((line) => `           ${line}`),
    ...kept,
  ];
}

/** One change in the middle of a text: `-` goes, `+` comes. */
export function diffLines(before: string, after: string): readonly string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < most && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  return [
    ...old.slice(Math.max(0, head - contextLines), head).map((line) => `  ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `- ${line}`),
    ...fresh.slice(head, fresh.length - tail).map((line) => `+ ${line}`),
    ...old.slice(old.length - tail, old.length - tail + contextLines).map((line) => `  ${line}`),
  ].map((line) => escapeText(line).trimEnd());
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

const fates: Readonly<Record<Removal['config'], string>> = {
  untouched: 'needed no change',
  restored: 'is as it was, byte for byte',
  removed: 'is gone again, as there was none before',
  'key-taken-out': 'was edited since the installation: only our runtime was taken out, the edits stay',
};

export function removalLine(host: string, { wasInstalled, configFile, config }: Removal): string {
  if (!wasInstalled) return `${host}: nothing of transship's runtime is there`;
  return `${host}: the runtime is gone; ${escapeText(configFile)} ${fates[config]}`;
}

export const statusHead = ['HOST', 'INSTALLED', 'SCRIPTS', 'RUNC', 'VERSION', 'CONTAINERS'] as const;

export function statusRow(status: RuntimeStatus): readonly string[] {
  const { host, isInstalled, hasScripts, isCurrent, runc, containers } = status;
  const names = containers.map(({ name }) => name).join(',');
  const scripts = isCurrent ? 'current' : hasScripts ? 'other' : 'missing';
  return [host, installedWord(status, isInstalled), scripts, runc?.path ?? '-', runc?.version ?? '-', names || '-'].map(
    escapeText,
  );
}

/** Half an installation is told as such: what is there, and what is not. */
function installedWord({ isRegistered, isConfigured, hasScripts }: RuntimeStatus, isInstalled: boolean): string {
  if (isInstalled) return 'yes';
  return isRegistered || isConfigured || hasScripts ? 'partly' : 'no';
}
