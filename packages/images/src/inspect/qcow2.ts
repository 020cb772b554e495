// QCOW2 (docs/interop/qcow2.txt). Refused: every way to name another file, encryption, features that are not known.
import { bad, Fields, good, type Inspected, malformed, sizeOf, type Verdict } from "./types.ts";

const DIRTY = 1n << 0n;
const CORRUPT = 1n << 1n;
const EXTERNAL_DATA = 1n << 2n;
const COMPRESSION_TYPE = 1n << 3n;
const EXTENDED_L2 = 1n << 4n;
const KNOWN = DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2;

const EXT_END = 0;
const EXT_BACKING_FORMAT = 0xe2792aca;
const EXT_DATA_FILE = 0x44415441;
const EXT_ENCRYPTION = 0x0537be77;

const MAX_L1_BYTES = 32 * 1024 ** 2;

function checkFeatures(header: Fields): Verdict | undefined {
  const incompatible = header.u64(72, false);
  if (incompatible & EXTERNAL_DATA)
    return bad("image.names_other_file", "its feature bits", "they say that the data is in another file (external data file)");
  if (incompatible & CORRUPT) return malformed("its feature bits", "the image is marked as corrupt");
  if (incompatible & ~KNOWN) return bad("image.unsupported", "its feature bits", "it needs features that Mimic does not know");
  if (incompatible & COMPRESSION_TYPE && (header.bytes[104] ?? 0) > 1)
    return bad("image.unsupported", "its compression type", "only zlib and zstd are known");
  return undefined;
}

/** Header extensions lie between the header and the end of the first cluster. */
function checkExtensions(header: Fields, start: number, end: number): Verdict | undefined {
  let at = start;
  for (let count = 0; count < 64; count++) {
    if (at + 8 > end) return undefined;
    const type = header.u32(at, false);
    const length = header.u32(at + 4, false);
    if (type === EXT_END) return undefined;
    if (type === EXT_DATA_FILE) return bad("image.names_other_file", "a header extension", "it names an external data file");
    if (type === EXT_BACKING_FORMAT) return bad("image.names_other_file", "a header extension", "it names the format of a backing file");
    if (type === EXT_ENCRYPTION) return bad("image.encrypted", "a header extension", "the image is encrypted");
    if (length > end - at - 8) return malformed("its header extensions", "one is longer than the place for it");
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return malformed("its header extensions", "there are too many");
}

function checkTables(header: Fields, sizeBytes: number): Verdict | undefined {
  const clusterBits = header.u32(20, false);
  const l1Bytes = header.u32(36, false) * 8;
  const l1 = sizeOf(header.u64(40, false));
  const refcounts = sizeOf(header.u64(48, false));
  const refcountBytes = header.u32(56, false) * 2 ** clusterBits;
  if (l1Bytes > MAX_L1_BYTES || l1 + l1Bytes > sizeBytes) return malformed("its table of clusters (L1)", "it lies outside the file");
  if (refcounts === 0 || refcounts + Math.min(refcountBytes, 2 ** clusterBits) > sizeBytes)
    return malformed("its table of reference counts", "it lies outside the file");
  return undefined;
}

export async function inspectQcow2({ read, sizeBytes }: Inspected): Promise<Verdict> {
  const header = new Fields(await read(0, 65_536));
  const version = header.u32(4, false);
  if (header.bytes.length < 104) return malformed("its header", "the file ends in it");
  if (version !== 2 && version !== 3) return bad("image.unsupported", "its header", `version ${version} of this format is not known`);
  if (header.u64(8, false) !== 0n || header.u32(16, false) !== 0)
    return bad("image.names_other_file", "its header", "it names a backing file, that is, another file to be read as part of it");
  const clusterBits = header.u32(20, false);
  if (clusterBits < 9 || clusterBits > 21) return malformed("its header", "the cluster size is impossible");
  if (header.u32(32, false) !== 0) return bad("image.encrypted", "its header", "the image is encrypted");
  const headerLength = version === 2 ? 72 : header.u32(100, false);
  const end = Math.min(header.bytes.length, 2 ** clusterBits);
  if (headerLength < 72 || (version === 3 && headerLength < 104) || headerLength > end)
    return malformed("its header", "its length is impossible");
  const objection =
    (version === 3 ? checkFeatures(header) : undefined) ?? checkExtensions(header, headerLength, end) ?? checkTables(header, sizeBytes);
  if (objection) return objection;
  const snapshots = header.u32(60, false);
  return good(sizeOf(header.u64(24, false)), snapshots > 0 ? [`${snapshots} snapshots inside it were left out`] : []);
}
