// What a folder or a zip may hold that becomes a disk or a floppy (FAT16): said by the page before it sends, and kept to by
// what makes the disk.
export const FILES_AS_DISK = {
  maxFiles: 10_000,
  /** Folders in each other. */
  maxDepth: 32,
  maxBytes: 480 * 1024 ** 2,
} as const;
