// The least that makes a program of machine code: one ELF header, one segment (System V ABI, ELF-64).
const LOAD_AT = 0x400000;
const HEADERS = 128;

/** A static x86-64 program whose code (in base64) begins, and is entered, at 0x400080. It can read and run its memory, not write it. */
export function staticProgram(base64: string): Uint8Array {
  const code = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const out = new Uint8Array(HEADERS + code.length);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // executable
  view.setUint16(18, 62, true); // x86-64
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(LOAD_AT + HEADERS), true); // entry
  view.setBigUint64(32, 64n, true); // program headers
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // loaded
  view.setUint32(68, 5, true); // readable and executable
  view.setBigUint64(80, BigInt(LOAD_AT), true);
  view.setBigUint64(88, BigInt(LOAD_AT), true);
  view.setBigUint64(96, BigInt(out.length), true);
  view.setBigUint64(104, BigInt(out.length), true);
  view.setBigUint64(112, 4096n, true);
  out.set(code, HEADERS);
  return out;
}
