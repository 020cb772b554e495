// VHDX (MS-VHDX): the region table leads to the metadata, which tells the size and whether there is a parent.
import { bad, Fields, good, type Inspected, malformed, sizeOf, type Verdict } from "./types.ts";

// GUIDs as they lie in the file (first three groups little endian).
const METADATA_REGION = "06a27c8b90479a4bb8fe575f050f886e";
const FILE_PARAMETERS = "3767a1ca36fa434db3b633f0aa44e76b";
const VIRTUAL_SIZE = "2442a52f1bcd7648b2115dbed83bf4b8";
const PARENT_LOCATOR = "2d5fd3a80bb34d45abf7d3d84834ab0c";
const REGION_TABLE = 196_608;
const MAX_ENTRIES = 2047;

const guidAt = (fields: Fields, at: number): string =>
  Array.from(fields.bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function findMetadata({ read, sizeBytes }: Inspected): Promise<number | undefined> {
  const table = new Fields(await read(REGION_TABLE, 65_536));
  if (table.text(0, 4) !== "regi") return undefined;
  const count = table.u32(8, true);
  if (count > MAX_ENTRIES) return undefined;
  for (let i = 0; i < count; i++) {
    const at = 16 + i * 32;
    if (guidAt(table, at) !== METADATA_REGION) continue;
    const offset = sizeOf(table.u64(at + 16, true));
    return offset + 65_536 <= sizeBytes ? offset : undefined;
  }
  return undefined;
}

export async function inspectVhdx(file: Inspected): Promise<Verdict> {
  const at = await findMetadata(file);
  if (at === undefined) return malformed("its table of regions", "it is damaged or leads outside the file");
  const table = new Fields(await file.read(at, 65_536));
  const count = table.u16(10, true);
  if (table.text(0, 8) !== "metadata" || count > MAX_ENTRIES) return malformed("its metadata", "it is damaged");
  let virtualBytes: number | undefined;
  for (let i = 0; i < count; i++) {
    const entry = 32 + i * 32;
    const item = guidAt(table, entry);
    const offset = at + table.u32(entry + 16, true);
    if (item === PARENT_LOCATOR) return bad("image.names_other_file", "its metadata", "it names a parent image");
    if (item === FILE_PARAMETERS) {
      const parameters = new Fields(await file.read(offset, 8));
      if (parameters.u32(4, true) & 2) return bad("image.names_other_file", "its metadata", "it is only the difference to another image");
    }
    if (item === VIRTUAL_SIZE) virtualBytes = sizeOf(new Fields(await file.read(offset, 8)).u64(0, true));
  }
  return virtualBytes === undefined ? malformed("its metadata", "it does not tell the disk's size") : good(virtualBytes);
}
