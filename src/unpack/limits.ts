/**
 * What comes from outside is bounded: an archive of some kilobytes can hold terabytes. A checkpoint of a large container does hold many
 * gigabytes of pages, which are read over and not kept.
 */
export const limits = {
  /** Files of all folders and archives together. */
  files: 20_000,
  folderDepth: 8,
  /** Entries of one archive, whatever they are. */
  entries: 200_000,
  /** An archive in an archive, and so on. */
  nesting: 3,
  /** Bytes of one archive, unpacked. */
  unpackedBytes: 64 * 2 ** 30,
  /** What is kept of one file. */
  fileBytes: 2 ** 30,
  /** What is kept of all files from archives. */
  keptBytes: 4 * 2 ** 30,
} as const;
