// Just enough ELF (32 and 64 bits, either byte order) to know which libraries a program needs, what a kernel module says
// about itself, and which processor a program is made for.

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

/** How this file writes its numbers: a word is an address, 4 or 8 bytes. */
interface Form {
  readonly wide: boolean;
  readonly little: boolean;
}

/** Undefined for anything that is no ELF file (System V ABI, chapter 4: EI_CLASS and EI_DATA). */
function formOf(file: Uint8Array): Form | undefined {
  const isElf = file.length >= 52 && file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46;
  const wide = file[4] === 2;
  if (!isElf || (!wide && file[4] !== 1) || (file[5] !== 1 && file[5] !== 2) || (wide && file.length < 64)) return undefined;
  return { wide, little: file[5] === 1 };
}

const wordAt = (view: DataView, at: number, { wide, little }: Form): number =>
  wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);

/** Where the fields of a section header stand (Elf32_Shdr, Elf64_Shdr). */
const HEADER = {
  narrow: { bytes: 40, offset: 16, size: 20, link: 24, table: 0x20, count: 0x30, names: 0x32 },
  wide: { bytes: 64, offset: 24, size: 32, link: 40, table: 0x28, count: 0x3c, names: 0x3e },
} as const;

function sections(file: Uint8Array): Section[] {
  const form = formOf(file);
  if (!form) return [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const at = HEADER[form.wide ? "wide" : "narrow"];
  const table = wordAt(view, at.table, form);
  const raw: { name: number; bytes: Uint8Array; type: number; link: number }[] = [];
  for (let i = 0; i < view.getUint16(at.count, form.little); i++) {
    const from = table + i * at.bytes;
    if (from + at.bytes > file.length) return [];
    const type = view.getUint32(from + 4, form.little);
    const offset = wordAt(view, from + at.offset, form);
    // 8 = SHT_NOBITS: takes no room in the file.
    const size = type === 8 ? 0 : wordAt(view, from + at.size, form);
    if (offset + size > file.length) return [];
    const link = view.getUint32(from + at.link, form.little);
    raw.push({ name: view.getUint32(from, form.little), type, link, bytes: file.subarray(offset, offset + size) });
  }
  const names = raw[view.getUint16(at.names, form.little)]?.bytes ?? new Uint8Array(0);
  return raw.map(({ name, ...one }) => ({ ...one, name: name < names.length ? zeroText(names, name) : "" }));
}

/** The names in DT_NEEDED; empty for anything that is no such program. */
export function neededLibraries(file: Uint8Array): string[] {
  const form = formOf(file);
  const all = sections(file);
  const dynamic = all.find((section) => section.type === 6);
  const strings = dynamic && all[dynamic.link]?.bytes;
  if (!form || !dynamic || !strings) return [];
  const view = new DataView(dynamic.bytes.buffer, dynamic.bytes.byteOffset, dynamic.bytes.byteLength);
  const word = form.wide ? 8 : 4;
  const found: string[] = [];
  for (let at = 0; at + 2 * word <= dynamic.bytes.length; at += 2 * word) {
    const offset = wordAt(view, at + word, form);
    if (wordAt(view, at, form) === 1 && offset < strings.length) found.push(zeroText(strings, offset));
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
