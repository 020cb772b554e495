// Writes an initramfs: the "newc" cpio form (kernel: Documentation/driver-api/early-userspace/buffer-format.rst).
// Deterministic: same entries, same bytes (owner root, time zero, inode numbers by position).

export type CpioEntry =
  | { readonly path: string; readonly kind: "file"; readonly mode: number; readonly body: Uint8Array }
  | { readonly path: string; readonly kind: "folder"; readonly mode: number }
  | { readonly path: string; readonly kind: "link"; readonly target: string }
  | { readonly path: string; readonly kind: "device"; readonly mode: number; readonly major: number; readonly minor: number };

const TYPE_BITS = { file: 0o100000, folder: 0o040000, link: 0o120000, device: 0o020000 } as const;
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, "0");
const text = new TextEncoder();

function header(entry: CpioEntry, inode: number, size: number, nameSize: number): string {
  const mode = TYPE_BITS[entry.kind] | (entry.kind === "link" ? 0o777 : entry.mode);
  const [major, minor] = entry.kind === "device" ? [entry.major, entry.minor] : [0, 0];
  const links = entry.kind === "folder" ? 2 : 1;
  // magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  return `070701${[inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, nameSize, 0].map(hex).join("")}`;
}

/** Folders must come before what is in them: the kernel makes none by itself. Names are relative, without a leading slash. */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const put = (bytes: Uint8Array): void => {
    parts.push(bytes);
    const rest = (4 - (bytes.length % 4)) % 4;
    if (rest) parts.push(new Uint8Array(rest));
    size += bytes.length + rest;
  };
  const all: readonly CpioEntry[] = [...entries, { path: "TRAILER!!!", kind: "file", mode: 0, body: new Uint8Array(0) }];
  all.forEach((entry, index) => {
    const body = entry.kind === "file" ? entry.body : entry.kind === "link" ? text.encode(entry.target) : new Uint8Array(0);
    const name = text.encode(`${entry.path}\0`);
    const head = text.encode(header(entry, index + 1, body.length, name.length));
    const whole = new Uint8Array(head.length + name.length);
    whole.set(head);
    whole.set(name, head.length);
    put(whole);
    put(body);
  });
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
