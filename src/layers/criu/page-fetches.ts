/** What the lazy-pages daemon did for the tasks, summed up: a line each in its log, which would be thousands of spans. */
export interface PageFetches {
  /** A task touched a page that was missing. */
  faults: number;
  /** Pages put into a task's memory, several at a time. */
  batches: number;
  bytes: number;
}

/** criu/uffd.c handle_page_fault, uffd_copy: the batch's length is decimal in 4.1 and 4.2. */
export const fetchPatterns = [/^uffd: \d+-\d+: #PF at/, /^uffd: \d+-\d+: uffd_copy: 0x[0-9a-f]+\/(\d+)/] as const;

export function countFetch(sums: PageFetches, text: string): void {
  if (!text.startsWith('uffd: ')) return;
  if (fetchPatterns[0].test(text)) sums.faults += 1;
  const bytes = fetchPatterns[1].exec(text)?.[1];
  if (bytes === undefined) return;
  sums.batches += 1;
  sums.bytes += Number(bytes);
}
