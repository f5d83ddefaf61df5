import { type Check, type ContainerSubject, type DockerInfo, type Finding, fail, ok, warn } from './check.ts';

export interface Confinement {
  /** The container's profile, as Docker says it; empty where AppArmor confines nothing. */
  readonly profile: string;
  readonly isOnThere: boolean;
  /** The profiles that the destination's kernel has. */
  readonly loaded: readonly string[];
}

const kernelsProfiles = '/sys/kernel/security/apparmor/profiles';

/** Pure. */
export function confinementFinding({ profile, isOnThere, loaded }: Confinement): Finding | null {
  const isConfined = profile !== '' && profile !== 'unconfined';
  if (!isOnThere) {
    if (!isConfined) return null;
    const hint =
      'turn AppArmor on there (apt-get install apparmor, restart docker), or start it with --security-opt apparmor=unconfined';
    return fail(`profile ${profile} on the source, and no AppArmor on the destination`, hint);
  }
  if (profile === 'unconfined') return ok('unconfined on both');
  if (!isConfined)
    return warn('no AppArmor on the source: it goes on without on the destination, where Docker says it has a profile');
  return loaded.includes(profile)
    ? ok(`profile ${profile} on both`)
    : fail(`the destination has no profile ${profile}`, 'copy it from /etc/apparmor.d, and load it: apparmor_parser -r FILE');
}

/** CRIU puts a task back under the profile that it had (criu/lsm.c, validate_lsm and render_lsm_profile), whatever Docker asks for. */
export const appArmorCheck: Check<ContainerSubject> = {
  name: 'apparmor',
  why: 'CRIU restores each process under the AppArmor profile that it had, and fails where there is none of that name',
  hint: 'docker run without --security-opt apparmor=… takes the profile that Docker loads by itself',
  probe: async ({ inspect, destination }) => {
    if (destination?.info == null) return null;
    const isOnThere = hasAppArmor(destination.info);
    const { stdout } = isOnThere ? await destination.host.shell.run(`cat ${kernelsProfiles}`) : { stdout: '' };
    const loaded = stdout.split('\n').map((line) => line.replace(/ \([a-z]+\)$/, ''));
    return confinementFinding({ profile: inspect.AppArmorProfile ?? '', isOnThere, loaded });
  },
};

function hasAppArmor({ SecurityOptions }: DockerInfo): boolean {
  return (SecurityOptions ?? []).some((option) => /^name=apparmor(?:,|$)/.test(option));
}
