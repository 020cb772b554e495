// Programs for other processors, without a compiler: each writes its line, then ends with 7.
import { elf32, elf64 } from "./elf.ts";

const withText = (code: readonly number[], text: string): Uint8Array => new Uint8Array([...code, ...new TextEncoder().encode(text)]);
const words32 = (words: readonly number[]): number[] => words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 255));

/** “i386 says hello”: write and exit by int 80h. */
export function i386Program(): Uint8Array {
  const code = [
    // mov eax,4; mov ebx,1; mov ecx,text; mov edx,16; int 80h
    ...[0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0, 0xb9, 0x76, 0x80, 0x04, 0x08, 0xba, 16, 0, 0, 0, 0xcd, 0x80],
    // mov eax,1; mov ebx,7; int 80h
    ...[0xb8, 1, 0, 0, 0, 0xbb, 7, 0, 0, 0, 0xcd, 0x80],
  ];
  return elf32(3, withText(code, "i386 says hello\n"));
}

/** “riscv64 says hello”: write and exit by ecall. */
export function riscvProgram(): Uint8Array {
  const [zero, a0, a1, a2, a7, ecall] = [0, 10, 11, 12, 17, 0x73];
  const addi = (to: number, from: number, value: number) => ((value << 20) | (from << 15) | (to << 7) | 0x13) >>> 0;
  const auipc = (to: number) => ((to << 7) | 0x17) >>> 0;
  // li a0,1; a1 = text, 32 bytes after auipc; li a2,19; li a7,64; ecall; li a0,7; li a7,93; ecall
  const write = [addi(a0, zero, 1), auipc(a1), addi(a1, a1, 32), addi(a2, zero, 19), addi(a7, zero, 64), ecall];
  const exit = [addi(a0, zero, 7), addi(a7, zero, 93), ecall];
  return elf64(243, withText(words32([...write, ...exit]), "riscv64 says hello\n"));
}
