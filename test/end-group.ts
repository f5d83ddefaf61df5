/** Ends a process that was started detached, and all that it had begun. */
export function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // all have ended
  }
}
