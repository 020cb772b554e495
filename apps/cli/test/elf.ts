// Static programs of Linux from nothing but their code: one segment, loaded whole, which begins right after the headers.

/** `machine`: the processor's number in ELF (e_machine). Loaded at 400000h. */
export function elf64(machine: number, code: Uint8Array): Uint8Array {
  const elf = new Uint8Array(120 + code.length);
  const head = new DataView(elf.buffer);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.setUint16(16, 2, true);
  head.setUint16(18, machine, true);
  head.setUint32(20, 1, true);
  head.setBigUint64(24, 0x400078n, true);
  head.setBigUint64(32, 64n, true);
  head.setUint16(52, 64, true);
  head.setUint16(54, 56, true);
  head.setUint16(56, 1, true);
  head.setUint32(64, 1, true);
  head.setUint32(68, 5, true);
  head.setBigUint64(80, 0x400000n, true);
  head.setBigUint64(88, 0x400000n, true);
  head.setBigUint64(96, BigInt(elf.length), true);
  head.setBigUint64(104, BigInt(elf.length), true);
  head.setBigUint64(112, 4096n, true);
  elf.set(code, 120);
  return elf;
}

/** The same with 32 bits, loaded at 8048000h: its code stands at 8048054h. */
export function elf32(machine: number, code: Uint8Array): Uint8Array {
  const elf = new Uint8Array(84 + code.length);
  const head = new DataView(elf.buffer);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  head.setUint16(16, 2, true);
  head.setUint16(18, machine, true);
  const facts = { 20: 1, 24: 0x8048054, 28: 52, 52: 1, 60: 0x8048000, 64: 0x8048000, 68: elf.length, 72: elf.length, 76: 5, 80: 4096 };
  for (const [at, value] of Object.entries(facts)) head.setUint32(Number(at), value, true);
  head.setUint16(40, 52, true);
  head.setUint16(42, 32, true);
  head.setUint16(44, 1, true);
  elf.set(code, 84);
  return elf;
}
