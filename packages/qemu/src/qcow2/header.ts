// The header of a qcow2 file, read and written by our own code before QEMU sees a byte of it
// (QEMU docs/interop/qcow2.txt). Reading never throws: the bytes may be hostile.

export interface Qcow2Header {
  readonly version: number;
  readonly sizeBytes: number;
  readonly clusterBits: number;
  readonly encrypted: boolean;
  readonly snapshots: number;
  /** The name of the file under it, and that file's format where the header says it. */
  readonly backing: string | undefined;
  readonly backingFormat: string | undefined;
  /** An external file that holds its data (a way to make QEMU read any file). */
  readonly dataFile: string | boolean | undefined;
  /** Incompatible features besides “dirty”, “corrupt”, and zstd compression. */
  readonly unknownFeatures: boolean;
}
export type MalformedHeader = {
  readonly malformed: "not_qcow2" | "cut_off" | "bad_version" | "bad_cluster" | "bad_backing_name" | "bad_extension";
};

const MAGIC = 0x514649fb;
/** So much of the file is enough: names must stand in the first cluster, before this. */
export const HEADER_BYTES = 65_536;
const DIRTY_CORRUPT_COMPRESSION = 0b1011n;
const EXTERNAL_DATA = 0b100n;

export function parseQcow2Header(bytes: Uint8Array): Qcow2Header | MalformedHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint32(0) !== MAGIC) return { malformed: "not_qcow2" };
  if (bytes.length < 72) return { malformed: "cut_off" };
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) return { malformed: "bad_version" };
  const clusterBits = view.getUint32(20);
  if (clusterBits < 9 || clusterBits > 21) return { malformed: "bad_cluster" };
  if (version === 3 && bytes.length < 104) return { malformed: "cut_off" };
  const incompatible = version === 3 ? view.getBigUint64(72) : 0n;
  const headerLength = version === 3 ? view.getUint32(100) : 72;
  if (headerLength < 72 || headerLength > bytes.length) return { malformed: "cut_off" };
  const backing = readName(bytes, view.getBigUint64(8), view.getUint32(16));
  if (backing === null) return { malformed: "bad_backing_name" };
  const extensions = readExtensions(bytes, view, headerLength);
  if (extensions === undefined) return { malformed: "bad_extension" };
  return {
    version,
    sizeBytes: Number(view.getBigUint64(24)),
    clusterBits,
    encrypted: view.getUint32(32) !== 0 || extensions.encrypted,
    snapshots: view.getUint32(60),
    backing,
    backingFormat: extensions.backingFormat,
    dataFile: extensions.dataFile ?? ((incompatible & EXTERNAL_DATA) !== 0n ? true : undefined),
    unknownFeatures: (incompatible & ~(DIRTY_CORRUPT_COMPRESSION | EXTERNAL_DATA)) !== 0n,
  };
}

/** Where the first table of the guest's clusters stands; undefined when it cannot be. An entry of zero: nothing of that part was ever written. */
export function firstTableOf(header: Uint8Array): { readonly at: number; readonly bytes: number } | undefined {
  if (header.length < 48) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const bytes = view.getUint32(36) * 8;
  const at = Number(view.getBigUint64(40));
  return bytes > 0 && bytes <= MAX_FIRST_TABLE && Number.isSafeInteger(at) && at > 0 ? { at, bytes } : undefined;
}

/** QEMU's own limit (QCOW_MAX_L1_SIZE). */
const MAX_FIRST_TABLE = 32 * 1024 ** 2;

/** Undefined = none, null = it does not stand where a name can stand. */
function readName(bytes: Uint8Array, offset: bigint, length: number): string | undefined | null {
  if (offset === 0n) return undefined;
  if (length === 0 || length > 1023 || offset + BigInt(length) > BigInt(bytes.length)) return null;
  return new TextDecoder().decode(bytes.subarray(Number(offset), Number(offset) + length));
}

interface Extensions {
  backingFormat?: string;
  dataFile?: string;
  encrypted: boolean;
}

function readExtensions(bytes: Uint8Array, view: DataView, from: number): Extensions | undefined {
  const found: Extensions = { encrypted: false };
  let at = from;
  for (let count = 0; count < 64; count++) {
    if (at + 8 > bytes.length) return undefined;
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (type === 0) return found;
    if (at + 8 + length > bytes.length) return undefined;
    const text = (): string => new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + length));
    if (type === 0xe2792aca) found.backingFormat = text();
    else if (type === 0x44415441) found.dataFile = text();
    else if (type === 0x0537be77) found.encrypted = true;
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

export interface NewQcow2 {
  readonly sizeBytes: number;
  readonly backing?: { readonly path: string; readonly format: "qcow2" | "raw" } | undefined;
  /** A LUKS header, whole sectors: what is written to the disk is encrypted by it. */
  readonly luks?: Uint8Array | undefined;
}

const CLUSTER_BITS = 16;
const CLUSTER = 1 << CLUSTER_BITS;

/**
 * An empty qcow2 (version 3, 64 KiB clusters) as pieces to write at offsets into a file of `fileBytes` zeros.
 * Its size is rounded up to whole sectors. `qemu-img check` finds nothing wrong with it.
 */
export function newQcow2(spec: NewQcow2): {
  readonly fileBytes: number;
  readonly pieces: readonly { readonly at: number; readonly bytes: Uint8Array }[];
} {
  const sizeBytes = Math.ceil(spec.sizeBytes / 512) * 512;
  const l1Entries = Math.max(1, Math.ceil(sizeBytes / (CLUSTER * (CLUSTER / 8))));
  const l1Clusters = Math.ceil((l1Entries * 8) / CLUSTER);
  // header, refcount table, refcount block, then the L1 table of zeros, then the header of the encryption
  const luksAt = (3 + l1Clusters) * CLUSTER;
  const clusters = 3 + l1Clusters + Math.ceil((spec.luks?.length ?? 0) / CLUSTER);
  const header = new Uint8Array(2048);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, 3);
  view.setUint32(20, CLUSTER_BITS);
  view.setBigUint64(24, BigInt(sizeBytes));
  view.setUint32(36, l1Entries);
  view.setBigUint64(40, BigInt(3 * CLUSTER));
  view.setBigUint64(48, BigInt(CLUSTER));
  view.setUint32(56, 1);
  view.setUint32(96, 4);
  view.setUint32(100, 112);
  writeExtensions(header, view, spec, luksAt);
  const table = new Uint8Array(8);
  new DataView(table.buffer).setBigUint64(0, BigInt(2 * CLUSTER));
  const counts = new Uint8Array(clusters * 2);
  for (let i = 0; i < clusters; i++) counts[i * 2 + 1] = 1;
  return {
    fileBytes: clusters * CLUSTER,
    pieces: [
      { at: 0, bytes: header },
      { at: CLUSTER, bytes: table },
      { at: 2 * CLUSTER, bytes: counts },
      ...(spec.luks ? [{ at: luksAt, bytes: spec.luks }] : []),
    ],
  };
}

const LUKS_METHOD = 2;

/** From 112 on: the encryption's place, the format of the file under it, the end mark, then that file's name. */
function writeExtensions(header: Uint8Array, view: DataView, { backing, luks }: NewQcow2, luksAt: number): void {
  let at = 112;
  if (luks) {
    view.setUint32(32, LUKS_METHOD);
    view.setUint32(at, 0x0537be77);
    view.setUint32(at + 4, 16);
    view.setBigUint64(at + 8, BigInt(luksAt));
    view.setBigUint64(at + 16, BigInt(luks.length));
    at += 24;
  }
  if (!backing) return;
  const format = new TextEncoder().encode(backing.format);
  const name = new TextEncoder().encode(backing.path);
  if (name.length > 1023) throw new RangeError("the name of a backing file has at most 1023 bytes");
  view.setUint32(at, 0xe2792aca);
  view.setUint32(at + 4, format.length);
  header.set(format, at + 8);
  const nameAt = at + 8 + 8 + 8;
  header.set(name, nameAt);
  view.setBigUint64(8, BigInt(nameAt));
  view.setUint32(16, name.length);
}
