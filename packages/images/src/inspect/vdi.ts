// VDI (VirtualBox). Dynamic and fixed images; differencing ones name a parent by its id.
import { bad, Fields, good, type Inspected, malformed, sizeOf, type Verdict } from "./types.ts";

export async function inspectVdi({ read, sizeBytes }: Inspected): Promise<Verdict> {
  const header = new Fields(await read(0, 512));
  if (header.bytes.length < 512) return malformed("its header", "the file ends in it");
  if (header.u32(0x44, true) !== 0x0001_0001) return bad("image.unsupported", "its header", "this version of the format is not known");
  const type = header.u32(0x4c, true);
  if (type === 4 || !header.isZero(0x1a8, 32))
    return bad("image.names_other_file", "its header", "it is only the difference to another image");
  if (type !== 1 && type !== 2) return bad("image.unsupported", "its header", "this kind of image is not accepted");
  const virtualBytes = sizeOf(header.u64(0x170, true));
  const block = header.u32(0x178, true);
  const blocks = header.u32(0x180, true);
  if (block !== 1_048_576) return bad("image.unsupported", "its header", "the block size is unusual");
  if (blocks * block < virtualBytes) return malformed("its header", "it has fewer blocks than its size asks for");
  if (header.u32(0x154, true) + blocks * 4 > sizeBytes) return malformed("its table of blocks", "it lies outside the file");
  return good(virtualBytes);
}
