// The smallest programs for boards that come without firmware: each writes its text to the board's serial port, byte by
// byte, and then stays where it is. Made here from instructions as numbers, and loaded by QEMU as an ELF program.

interface Board {
  /** e_machine */
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly isBig: boolean;
  /** Where code and text are loaded, and where the processor begins. */
  readonly at: number;
  /** The code, for a text that stands right behind it. */
  readonly code: readonly number[];
  /** Bytes of each number. */
  readonly width: 2 | 4;
}

const MIPS: Omit<Board, "isBig"> = {
  machine: 8,
  bits: 32,
  at: 0x8010_0000,
  width: 4,
  // lui t0,b800h (I/O, uncached); lui a0,8010h; ori a0,a0,text
  // next: lbu v0,0(a0); beqz v0,end; nop; sb v0,3f8h(t0); b next; addiu a0,a0,1; end: b end; nop
  code: [0x3c08b800, 0x3c048010, 0x3484002c, 0x90820000, 0x10400004, 0, 0xa10203f8, 0x1000fffb, 0x24840001, 0x1000ffff, 0],
};

const BOARDS = {
  // PL011 at 9000000h. adr r0,text; mov r1,9000000h; next: ldrb r2,[r0],1; cmp r2,0; beq end; strb r2,[r1]; b next; end: b end
  arm: {
    machine: 40,
    bits: 32,
    isBig: false,
    at: 0x4001_0000,
    width: 4,
    code: [0xe28f0018, 0xe3a01409, 0xe4d02001, 0xe3520000, 0x0a000001, 0xe5c12000, 0xeafffffa, 0xeafffffe],
  },
  mips: { ...MIPS, isBig: true },
  mipsel: { ...MIPS, isBig: false },
  // The same instructions; a 64-bit processor takes the program of 32 bits too.
  mips64el: { ...MIPS, isBig: false },
  // Goldfish terminal at ff008000h. lea text,a0; movea.l ff008000h,a1
  // next: moveq 0,d0; move.b (a0)+,d0; beq end; move.l d0,(a1); bra next; end: bra end
  m68k: {
    machine: 4,
    bits: 32,
    isBig: true,
    at: 0x1_0000,
    width: 2,
    code: [0x41fa, 0x0014, 0x227c, 0xff00, 0x8000, 0x7000, 0x1018, 0x6704, 0x2280, 0x60f6, 0x60fe],
  },
  // 16550 at 1fe001e0h. pcaddi a0,text; lu12i.w a1,1fe00h; ori a1,a1,1e0h
  // next: ld.bu a2,a0,0; beqz a2,end; st.b a2,a1,0; addi.d a0,a0,1; b next; end: b end
  loongarch64: {
    machine: 258,
    bits: 64,
    isBig: false,
    at: 0x20_0000,
    width: 4,
    code: [0x18000124, 0x143fc005, 0x038780a5, 0x2a000086, 0x400010c0, 0x290000a6, 0x02c00484, 0x53fff3ff, 0x50000000],
  },
} as const satisfies Record<string, Board>;

export type BareBoard = keyof typeof BOARDS;

/** An ELF program with one segment, which holds headers, code and text. */
export function bareMetal(board: BareBoard, text: string): Uint8Array {
  const { machine, bits, isBig, at, width, code }: Board = BOARDS[board];
  const isLong = bits === 64;
  const headers = isLong ? 120 : 84;
  const message = new TextEncoder().encode(`${text}\0`);
  const length = width * code.length + message.length;
  const elf = new Uint8Array(headers + length);
  const view = new DataView(elf.buffer);
  let to = 0;
  const put = (size: 1 | 2 | 4 | 8, ...values: number[]): void => {
    for (const value of values) {
      if (size === 1) view.setUint8(to, value);
      else if (size === 2) view.setUint16(to, value, !isBig);
      else if (size === 4) view.setUint32(to, value, !isBig);
      else view.setBigUint64(to, BigInt(value), !isBig);
      to += size;
    }
  };
  const word = isLong ? 8 : 4;
  put(1, 0x7f, 0x45, 0x4c, 0x46, isLong ? 2 : 1, isBig ? 2 : 1, 1);
  to = 16;
  put(2, 2, machine);
  put(4, 1);
  // Entry, program headers, no section headers.
  put(word, at, headers - (isLong ? 56 : 32), 0);
  put(4, 0);
  put(2, headers - (isLong ? 56 : 32), isLong ? 56 : 32, 1, 0, 0, 0);
  // PT_LOAD, readable and executable; 64 bits name the flags earlier.
  put(4, 1);
  if (isLong) put(4, 5);
  put(word, headers, at, at, length, length);
  if (!isLong) put(4, 5);
  put(word, 1);
  put(width, ...code);
  elf.set(message, to);
  return elf;
}
