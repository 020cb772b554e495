// VMDK (VMware Virtual Disk Format 5.0). Only one sparse file with its description inside: every other kind
// names further files. The description is read line by line against what such a file can say, nothing else.
import { bad, Fields, good, type Inspected, malformed, sizeOf, type Verdict } from "./types.ts";

const SECTOR = 512;
const MAX_DESCRIPTOR_SECTORS = 20;

const LINES: readonly RegExp[] = [
  /^$/,
  /^#[ -~]*$/,
  /^version\s*=\s*[123]$/,
  /^encoding\s*=\s*"[A-Za-z0-9-]{1,40}"$/,
  /^CID\s*=\s*[0-9a-fA-F]{1,8}$/,
  /^parentCID\s*=\s*ffffffff$/i,
  /^isNativeSnapshot\s*=\s*"no"$/,
  /^createType\s*=\s*"(monolithicSparse|streamOptimized)"$/,
  /^ddb\.[A-Za-z0-9_.]{1,60}\s*=\s*"[ -!#-.0-[\]-~]{0,200}"$/,
];
const EXTENT = /^RW (\d{1,15}) SPARSE "([ -!#-.0-[\]-~]{1,255})"$/;
const OTHER_FILE = /^(RW|RDONLY|NOACCESS)\s|^parentFileNameHint|^changeTrackPath/;

/** The first line that does not belong, or undefined. */
function checkDescriptor(text: string): Verdict | undefined {
  let extents = 0;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\r$/, "").trimEnd();
    if (EXTENT.test(line)) extents++;
    else if (OTHER_FILE.test(line))
      return bad(
        "image.names_other_file",
        "its description",
        `a line in it names another file (“${line.slice(0, 12).replace(/[^ -~]/g, "?")}…”)`,
      );
    else if (!LINES.some((allowed) => allowed.test(line)))
      return bad("image.unsupported", "its description", "it holds a line that is not accepted");
  }
  if (extents !== 1) return bad("image.names_other_file", "its description", `it lists ${extents} pieces; one is accepted`);
  return undefined;
}

export async function inspectVmdk({ read, sizeBytes }: Inspected): Promise<Verdict> {
  const header = new Fields(await read(0, SECTOR));
  if (header.text(0, 4) !== "KDMV")
    return bad(
      "image.names_other_file",
      "the file",
      "it is only a description in words that names other files; bring a VMDK that holds the disk itself (“stream optimized”)",
    );
  const version = header.u32(4, true);
  if (version < 1 || version > 3) return bad("image.unsupported", "its header", `version ${version} of this format is not known`);
  const capacity = sizeOf(header.u64(12, true));
  const grain = sizeOf(header.u64(20, true));
  const at = sizeOf(header.u64(28, true));
  const sectors = sizeOf(header.u64(36, true));
  // Without a capacity QEMU would follow the description instead of the header.
  if (capacity === 0) return bad("image.names_other_file", "its header", "the disk's size is left to the description");
  if (grain < 1 || grain > 65_536 || !Number.isInteger(Math.log2(grain))) return malformed("its header", "the grain size is impossible");
  if (at === 0 || sectors === 0) return bad("image.unsupported", "its header", "it has no description inside");
  if (sectors > MAX_DESCRIPTOR_SECTORS) return bad("image.unsupported", "its description", "it is too long");
  if ((at + sectors) * SECTOR > sizeBytes) return malformed("its description", "it lies outside the file");
  const description = await read(at * SECTOR, sectors * SECTOR);
  const end = description.indexOf(0);
  const text = description.subarray(0, end < 0 ? description.length : end);
  if (end >= 0 && !description.subarray(end).every((byte) => byte === 0))
    return bad("image.unsupported", "its description", "something is hidden behind its end");
  if (!text.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127)))
    return bad("image.unsupported", "its description", "it is not plain text");
  return checkDescriptor(new Fields(text).text(0, text.length)) ?? good(capacity * SECTOR);
}
