/** Shell text that runs these lines with `$pid` set to dockerd's process; nothing where it is not found. */
export function withDockerd(lines: string): string {
  return `
for pid in $(cat /run/docker.pid 2>/dev/null) $(cat /var/run/docker.pid 2>/dev/null) $(pidof dockerd); do
  [ "$(cat /proc/$pid/comm 2>/dev/null)" = dockerd ] || continue
  ${lines}
  break
done
true`;
}
