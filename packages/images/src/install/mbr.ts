// The first sector of a disk with one Linux partition that reaches to its end (the classic PC partition table).

const SECTOR = 512;
/** 1 MiB in: room for the boot loader, and aligned for every disk. */
export const FIRST_SECTOR = 2048;

/** The boot code stays empty: the boot loader's installer writes it. `signature` = the disk's own 32-bit number. */
export function masterBootRecord(diskBytes: number, signature: number): Uint8Array {
  const sectors = Math.min(2 ** 32 - 1, Math.floor(diskBytes / SECTOR)) - FIRST_SECTOR;
  if (sectors <= 0) throw new RangeError("the disk is too small for a partition");
  const block = new Uint8Array(SECTOR);
  const view = new DataView(block.buffer);
  view.setUint32(440, signature, true);
  // Active, Linux; the old cylinder numbers say “beyond what they can say”.
  block.set([0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff], 446);
  view.setUint32(454, FIRST_SECTOR, true);
  view.setUint32(458, sectors, true);
  block.set([0x55, 0xaa], 510);
  return block;
}
