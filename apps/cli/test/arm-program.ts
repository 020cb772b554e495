// A program for 64-bit ARM, without a compiler.
import { elf64 } from "./elf.ts";

/**
 * A static program of 64-bit ARM, made here: it writes “arm64 says hello” and the bytes of the file “note” in its folder,
 * then ends with 7. (openat, read, write, exit of Linux; ELF-64 with one segment.)
 */
export function armProgram(): Uint8Array {
  const words = [
    // x0=1, x1=text, x2=17: write
    0xd2800020, 0x10000241, 0xd2800222, 0xd2800808, 0xd4000001,
    // openat(AT_FDCWD, "note", O_RDONLY)
    0x92800c60, 0x10000221, 0xd2800002, 0xd2800708, 0xd4000001,
    // read(x0, sp-256, 200); write(1, sp-256, x0); exit(7)
    0xd10403e1, 0xd2801902, 0xd28007e8, 0xd4000001, 0xaa0003e2, 0xd2800020, 0xd2800808, 0xd4000001,
  ];
  const exit = [0xd28000e0, 0xd2800ba8, 0xd4000001];
  const code = new Uint8Array(4 * (words.length + exit.length) + 32);
  const view = new DataView(code.buffer);
  for (const [i, word] of [...words, ...exit].entries()) view.setUint32(4 * i, word, true);
  const text = 4 * (words.length + exit.length);
  code.set(new TextEncoder().encode("arm64 says hello\n"), text);
  code.set(new TextEncoder().encode("note\0"), text + 20);
  // adr x1, text and adr x1, "note": offsets from their own places.
  const adr = (at: number, to: number) => (0x10000001 | (((to - at) >> 2) << 5) | (((to - at) & 3) << 29)) >>> 0;
  view.setUint32(4, adr(4, text), true);
  view.setUint32(24, adr(24, text + 20), true);
  return elf64(183, code);
}
