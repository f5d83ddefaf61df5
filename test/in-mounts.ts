/** Words that run what follows them in mounts of its own, which the script has changed before. */
export function inMounts(script: string): readonly string[] {
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', `${script} && exec "$@"`, 'sh'];
}
