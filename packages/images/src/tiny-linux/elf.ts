// Just enough ELF (x86-64, little endian) to know which libraries a program needs and what a kernel
// module says about itself.

interface Section {
  readonly type: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly link: number;
}

const zeroText = (bytes: Uint8Array, from: number): string => {
  const end = bytes.indexOf(0, from);
  return new TextDecoder("latin1").decode(bytes.subarray(from, end < 0 ? bytes.length : end));
};

function sections(file: Uint8Array): Section[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 64 || view.getUint32(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) return [];
  const table = Number(view.getBigUint64(0x28, true));
  const count = view.getUint16(0x3c, true);
  const raw: { at: number; bytes: Uint8Array; type: number; link: number }[] = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * 64;
    if (at + 64 > file.length) return [];
    const type = view.getUint32(at + 4, true);
    const offset = Number(view.getBigUint64(at + 0x18, true));
    const size = type === 8 ? 0 : Number(view.getBigUint64(at + 0x20, true));
    if (offset + size > file.length) return [];
    raw.push({ at: view.getUint32(at, true), type, link: view.getUint32(at + 0x28, true), bytes: file.subarray(offset, offset + size) });
  }
  const names = raw[view.getUint16(0x3e, true)]?.bytes ?? new Uint8Array(0);
  return raw.map((one) => ({
    type: one.type,
    link: one.link,
    bytes: one.bytes,
    name: one.at < names.length ? zeroText(names, one.at) : "",
  }));
}

/** The names in DT_NEEDED; empty for anything that is no such program. */
export function neededLibraries(file: Uint8Array): string[] {
  const all = sections(file);
  const dynamic = all.find((section) => section.type === 6);
  const strings = dynamic && all[dynamic.link]?.bytes;
  if (!dynamic || !strings) return [];
  const view = new DataView(dynamic.bytes.buffer, dynamic.bytes.byteOffset, dynamic.bytes.byteLength);
  const found: string[] = [];
  for (let at = 0; at + 16 <= dynamic.bytes.length; at += 16) {
    const offset = Number(view.getBigUint64(at + 8, true));
    if (view.getBigUint64(at, true) === 1n && offset < strings.length) found.push(zeroText(strings, offset));
  }
  return found;
}

/** The `key=value` lines of a kernel module (section .modinfo). */
export function moduleInfo(file: Uint8Array): { readonly depends: readonly string[]; readonly aliases: readonly string[] } {
  const info = sections(file).find((section) => section.name === ".modinfo");
  const lines = info ? new TextDecoder("latin1").decode(info.bytes).split("\0") : [];
  const value = (key: string) => lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  return { depends: (value("depends")[0] ?? "").split(",").filter((name) => name !== ""), aliases: value("alias") };
}
