// A guest of 764 bytes that proves an accelerator: real mode → long mode → a page fault through its own IDT →
// ring 3 by sysret → back by syscall → exit. QEMU then ends with status 33 and with no other. Hosts whose
// /dev/kvm opens but cannot run guests pass easier tests (a boot sector that only reaches long mode).
// Trace letters on the debug port: R real mode, L long mode, F after the fault, S back from ring 3.

/** Code, tables; then the (zero) task segment and interrupt table begin. */
const HEAD =
  "+vy6AgSwUu4xwI7AjtC8AHC/ABC5ADDzqozIjti+APC/APC5AAjzpTHAjthmxwYAEAcgAABmxwYAIAcwAABmxwYAMIcAAADqTPAAAA8BFpDxDyDgZoPIIA8i" +
  "4Ga4ABAAAA8i2Ga5gAAAwA8yZg0BAQAADzAPIMBmDQEAAIAPIsDqhfAIAGa4EACO2I7AjtC8AHAAAGa6AgSwTO5muDAADwDYDwEcJfjyAAC4AAAAAA+iSIsE" +
  "JQAAAEBmugIEsEbuuYEAAMAxwLoIABgADzC5ggAAwLj/8AAAMdIPMLmEAADAMcAPMEi5+PAAAAAAAABBuwIAAABIDwe4NBIAAA8FPTQSAAB1KGa6AgSwU+6/" +
  "AAACALkAAAEASIn4SIkHSIPHCOL3Zrr0ALgQAAAA7/RmuvQAuCAAAADv9Ov9SIPECEi4ufAAAAAAAABIiQQkSM+QAAAAAAAAAAD//wAAAJqvAP//AAAAks8A" +
  "AAAAAAAAAAD//wAAAPLPAP//AAAA+q8AZwCg8QCJAAAAAAAAAAAAAD8AUPEAAJCQkJCQkJCQkJA=";
/** The page-fault gate (vector 14) and the pointer to the table. */
const TAIL = "O/EIAACOAAAAAAAAAAAAAO8ACPI=";
const TAIL_AT = 744;
/** 60 KiB of nothing below the 4 KiB image, so that the reset vector is at the top of a 64 KiB “BIOS”. */
const BELOW = 61_440;

/** What QEMU gets as `-bios`. */
export function kvmTestImage(): Uint8Array {
  const rom = new Uint8Array(BELOW + 4096).fill(0xff);
  rom.fill(0, BELOW, BELOW + 0xff0);
  rom.set(decode(HEAD), BELOW);
  rom.set(decode(TAIL), BELOW + TAIL_AT);
  // Reset vector: jmp near to the start of the image.
  rom.set([0xe9, 0x0d, 0xf0], BELOW + 0xff0);
  return rom;
}

const decode = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** (0x10 << 1) | 1: what isa-debug-exit makes of the guest's last word. */
export const PROVED_STATUS = 33;

export function kvmTestArgs(accelerator: "kvm" | "tcg", cpuModel: string, romPath: string): readonly string[] {
  return [
    ...["-machine", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-m", "16", "-accel", accelerator, "-cpu", cpuModel],
    ...["-bios", romPath, "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-no-reboot"],
  ];
}
