import { type Check, type ContainerSubject, type Finding, fail, ok } from './check.ts';

/** How ids of a container become ids of its host. */
export interface IdMap {
  /** What id 0 is on the host. */
  readonly start: number;
  /** How many there are. */
  readonly length: number;
}

export interface UserIds {
  /** `/proc/PID/uid_map` and `gid_map` on the source; null: the container is in the host's own user namespace. */
  readonly source: { readonly uid: string; readonly gid: string } | null;
  /** What the daemon of the destination gives its containers; null: it remaps none, or not this one. */
  readonly destination: { readonly rootFolder: string; readonly subuid: string; readonly subgid: string } | null;
}

/**
 * Pure. CRIU restores the map that was dumped, files are sent with the numbers that they have on the source, and Docker makes the root folder by the
 * destination's map: they must be one.
 */
export function userIdsFinding({ source, destination }: UserIds): Finding | null {
  if (source === null && destination === null) return null;
  if (destination === null) return fail('its user ids are remapped on the source, and would not be on the destination');
  if (source === null)
    return fail('the destination remaps user ids, and those of the container are not', 'make it anew with --userns host');
  const from = [oneRange(source.uid), oneRange(source.gid)];
  const to = rangesOfDaemon(destination);
  const words = (maps: readonly (IdMap | null)[]) =>
    maps.map((map) => (map === null ? 'unknown' : `${map.start}+${map.length}`)).join(' and ');
  const isKnown = [...from, ...to].every((map) => map !== null);
  if (isKnown && words(from) === words(to)) return ok(`user and group ids from ${words(from)} on both`);
  return fail(`user and group ids are ${words(from)} on the source, ${words(to)} on the destination`);
}

const remapAlike =
  'both daemons need the same userns-remap, with the same single range for its user in /etc/subuid and /etc/subgid; or docker run --userns host';

/** Null: several ranges, or not from id 0 on. */
function oneRange(map: string): IdMap | null {
  const [, start, length] = /^\s*0\s+(\d+)\s+(\d+)\s*$/.exec(map) ?? [];
  return start === undefined ? null : { start: Number(start), length: Number(length) };
}

/** A daemon that remaps has its root in a folder that says what 0 becomes, `/var/lib/docker/UID.GID` (moby daemon/daemon_unix.go, setupDaemonRoot). */
function rangesOfDaemon({ rootFolder, subuid, subgid }: NonNullable<UserIds['destination']>): readonly (IdMap | null)[] {
  const [, uid, gid] = /\/(\d+)\.(\d+)\/?$/.exec(rootFolder) ?? [];
  return [rangeFrom(uid, subuid), rangeFrom(gid, subgid)];
}

/** By the lines `USER:START:LENGTH` of subuid(5): of a user who has one range alone, as its map is one then. */
function rangeFrom(start: string | undefined, lines: string): IdMap | null {
  const all = lines.split('\n').map((line) => line.trim().split(':'));
  const users = all.filter((words) => words[1] === start).map(([user]) => user);
  const ranges = all.filter(([user]) => users.includes(user));
  const [only, ...others] = ranges;
  if (start === undefined || only?.[2] === undefined || others.length > 0) return null;
  return { start: Number(start), length: Number(only[2]) };
}

const both = (one: string, other: string) => `cat ${one}; echo; echo -; cat ${other}`;

export const userIdsCheck: Check<ContainerSubject> = {
  name: 'user-ids',
  why: 'files, and the processes themselves, belong to ids of the host: with another map they would be nobody’s',
  hint: remapAlike,
  probe: async ({ inspect: { State, HostConfig }, source, destination }) => {
    if (destination?.info == null || State.Pid === 0) return null;
    const { SecurityOptions, DockerRootDir: rootFolder } = destination.info;
    const isRemapped = SecurityOptions.some((option) => /^name=userns(?:,|$)/.test(option)) && HostConfig.UsernsMode !== 'host';
    const proc = `/proc/${State.Pid}`;
    const look = `[ "$(readlink ${proc}/ns/user)" = "$(readlink /proc/self/ns/user)" ] && echo own || { ${both(`${proc}/uid_map`, `${proc}/gid_map`)}; }`;
    const [uid = '', gid = ''] = (await source.host.shell.run(look)).stdout.split('\n-\n');
    const files = isRemapped ? (await destination.host.shell.run(both('/etc/subuid', '/etc/subgid'))).stdout : '';
    const [subuid = '', subgid = ''] = files.split('\n-\n');
    return userIdsFinding({
      source: uid === 'own\n' ? null : { uid, gid },
      destination: isRemapped ? { rootFolder, subuid, subgid } : null,
    });
  },
};
