/**
 * What is typed on the source to let a container go on that was frozen behind Docker's back: it gives back link, address and freezer. The destination
 * must be known not to run. `docker unpause` knows of no pause there, and `runc resume` of no link.
 */
export function wayBack(stage: string): string {
  return `bash ${stage}/give-up ${stage} after-go`;
}
