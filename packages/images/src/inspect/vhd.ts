// VHD (“vpc” to QEMU; Microsoft's Virtual Hard Disk specification 1.0): fixed and dynamic, never differencing.
import { bad, Fields, good, type Inspected, malformed, sizeOf, type Verdict } from "./types.ts";

const FIXED = 2;
const DYNAMIC = 3;
const DIFFERENCING = 4;

/** One's complement of the sum of all bytes but the checksum's own. */
function checksumHolds(footer: Fields): boolean {
  let sum = 0;
  for (let i = 0; i < 512; i++) if (i < 64 || i >= 68) sum += footer.bytes[i] ?? 0;
  return ~sum >>> 0 === footer.u32(64, false);
}

export async function inspectVhd({ read, sizeBytes }: Inspected): Promise<Verdict> {
  const footer = new Fields(await read(Math.max(0, sizeBytes - 512), 512));
  if (footer.bytes.length < 512 || footer.text(0, 8) !== "conectix" || !checksumHolds(footer))
    return malformed("its footer", "it is damaged");
  const type = footer.u32(60, false);
  if (type === DIFFERENCING) return bad("image.names_other_file", "its footer", "it is only the difference to another image");
  if (type !== FIXED && type !== DYNAMIC) return bad("image.unsupported", "its footer", "this kind of image is not accepted");
  const virtualBytes = sizeOf(footer.u64(48, false));
  if (type === FIXED) return virtualBytes > sizeBytes ? malformed("its footer", "the disk is larger than the file") : good(virtualBytes);
  const at = sizeOf(footer.u64(16, false));
  if (at + 1024 > sizeBytes) return malformed("its header", "it lies outside the file");
  const header = new Fields(await read(at, 1024));
  if (header.text(0, 8) !== "cxsparse") return malformed("its header", "it is damaged");
  if (!header.isZero(40, 16) || !header.isZero(64, 512) || !header.isZero(576, 192))
    return bad("image.names_other_file", "its header", "it names a parent image");
  const entries = header.u32(28, false);
  const block = header.u32(32, false);
  if (block < 512 || !Number.isInteger(Math.log2(block))) return malformed("its header", "the block size is impossible");
  if (entries * block < virtualBytes) return malformed("its header", "it has fewer blocks than its size asks for");
  if (sizeOf(header.u64(16, false)) + entries * 4 > sizeBytes) return malformed("its table of blocks", "it lies outside the file");
  return good(virtualBytes);
}
