// Writes a small CD image: ISO 9660 (ECMA-119) with a Joliet tree (for names like “user-data”, which plain
// ISO names cannot carry). Files in the root folder only; the same files always give the same bytes (dates are zero).

const SECTOR = 2048;

export interface IsoFile {
  /** Letters, digits, dots, dashes; at most 60. */
  readonly name: string;
  readonly body: Uint8Array;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function ucs2(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) new DataView(out.buffer).setUint16(i * 2, text.charCodeAt(i));
  return out;
}

const both16 = (view: DataView, at: number, value: number): void => {
  view.setUint16(at, value, true);
  view.setUint16(at + 2, value, false);
};
const both32 = (view: DataView, at: number, value: number): void => {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
};

/** A directory record (ECMA-119 §9.1). */
function record(name: Uint8Array, sector: number, size: number, isFolder: boolean): Uint8Array {
  const length = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  out[0] = length;
  both32(view, 2, sector);
  both32(view, 10, size);
  out[25] = isFolder ? 2 : 0;
  both16(view, 28, 1);
  out[32] = name.length;
  out.set(name, 33);
  return out;
}

/** “user-data” → “USERDATA.;1”: what ISO 9660 level 1 can say; readers with Joliet never see it. */
function plainName(name: string, index: number): Uint8Array {
  const letters = name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, 7);
  return ascii(`${letters}${index}.;1`);
}

function folder(names: readonly Uint8Array[], files: readonly { sector: number; size: number }[], self: number): Uint8Array {
  const records = [record(new Uint8Array([0]), self, SECTOR, true), record(new Uint8Array([1]), self, SECTOR, true)];
  names.forEach((name, i) => {
    records.push(record(name, files[i]?.sector ?? 0, files[i]?.size ?? 0, false));
  });
  const out = new Uint8Array(SECTOR);
  let at = 0;
  for (const one of records) {
    if (at + one.length > SECTOR) throw new RangeError("too many files for a small CD image");
    out.set(one, at);
    at += one.length;
  }
  return out;
}

/** Path table of the root alone (ECMA-119 §9.4). */
function pathTable(root: number, little: boolean): Uint8Array {
  const out = new Uint8Array(10);
  const view = new DataView(out.buffer);
  out[0] = 1;
  view.setUint32(2, root, little);
  view.setUint16(6, 1, little);
  return out;
}

interface Tree {
  readonly joliet: boolean;
  readonly label: string;
  readonly root: number;
  readonly littleTable: number;
  readonly bigTable: number;
  readonly sectors: number;
}

/** A volume descriptor (ECMA-119 §8.4, §8.5; Joliet: escape “%/E”). */
function descriptor(tree: Tree): Uint8Array {
  const out = new Uint8Array(SECTOR);
  const view = new DataView(out.buffer);
  const put = (at: number, length: number, text: string): void => {
    if (tree.joliet) for (let i = 0; i + 1 < length; i += 2) view.setUint16(at + i, 0x20);
    else out.fill(0x20, at, at + length);
    out.set((tree.joliet ? ucs2(text) : ascii(text)).subarray(0, length), at);
  };
  out[0] = tree.joliet ? 2 : 1;
  out.set(ascii("CD001"), 1);
  out[6] = 1;
  put(8, 32, "");
  put(40, 32, tree.label);
  both32(view, 80, tree.sectors);
  if (tree.joliet) out.set(ascii("%/E"), 88);
  both16(view, 120, 1);
  both16(view, 124, 1);
  both16(view, 128, SECTOR);
  both32(view, 132, 10);
  view.setUint32(140, tree.littleTable, true);
  view.setUint32(148, tree.bigTable, false);
  out.set(record(new Uint8Array([0]), tree.root, SECTOR, true), 156);
  for (const [at, length] of [
    [190, 128],
    [318, 128],
    [446, 128],
    [574, 128],
    [702, 37],
    [739, 37],
    [776, 37],
  ] as const)
    put(at, length, "");
  for (const at of [813, 830, 847, 864]) out.set(ascii("0000000000000000"), at);
  out[881] = 1;
  return out;
}

/** Label: at most 16 characters (Joliet's limit). Names must differ. */
export function writeIso(label: string, files: readonly IsoFile[]): Uint8Array {
  // 16 primary, 17 Joliet, 18 end; 19–22 path tables; 23 root; 24 Joliet root; then the files.
  let next = 25;
  const placed = files.map((file) => {
    const sector = next;
    next += Math.max(1, Math.ceil(file.body.length / SECTOR));
    return { sector, size: file.body.length };
  });
  const out = new Uint8Array(next * SECTOR);
  const put = (sector: number, bytes: Uint8Array): void => out.set(bytes, sector * SECTOR);
  const plainTree: Tree = { joliet: false, label, root: 23, littleTable: 19, bigTable: 20, sectors: next };
  put(16, descriptor(plainTree));
  put(17, descriptor({ ...plainTree, joliet: true, root: 24, littleTable: 21, bigTable: 22 }));
  const end = new Uint8Array(SECTOR);
  end[0] = 255;
  end.set(ascii("CD001"), 1);
  end[6] = 1;
  put(18, end);
  put(19, pathTable(23, true));
  put(20, pathTable(23, false));
  put(21, pathTable(24, true));
  put(22, pathTable(24, false));
  // Both trees want their records sorted by name.
  const order = files.map((_, i) => i).sort((a, b) => ((files[a]?.name ?? "") < (files[b]?.name ?? "") ? -1 : 1));
  const sorted = order.map((i) => placed[i] ?? { sector: 0, size: 0 });
  put(
    23,
    folder(
      order.map((i, at) => plainName(files[i]?.name ?? "", at)),
      sorted,
      23,
    ),
  );
  put(
    24,
    folder(
      order.map((i) => ucs2(files[i]?.name ?? "")),
      sorted,
      24,
    ),
  );
  files.forEach((file, i) => {
    put(placed[i]?.sector ?? 0, file.body);
  });
  return out;
}
