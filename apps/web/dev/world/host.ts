// The computer of worlds that do not exist, and what works on it.
import type { Diagnosis, HostView } from "@mimic/model";
import { before, GIB } from "./parts.ts";

export function host(): HostView {
  return {
    version: "0.1.0",
    features: [],
    hostname: "kestrel",
    cpus: 4,
    memoryBytes: 16 * GIB,
    memoryFreeBytes: 9.4 * GIB,
    diskFreeBytes: 128 * GIB,
    load1: 0.8,
    qemuVersion: "7.2.15",
    accelerator: "tcg",
    browserAddress: "http://127.0.0.1:7717",
    dataDirectory: "~/.local/share/mimic",
    startedAt: before(600),
    eventSeq: 1,
  };
}

export const diagnosis: Diagnosis = {
  checkedAt: before(0.2),
  bestGrade: "C",
  findings: [
    {
      id: "kvm",
      title: "Hardware virtualization",
      state: "limited",
      found: "/dev/kvm is here, but a test guest did not start with it.",
      mend: "Machines run emulated (TCG): everything works, more slowly. If this computer is itself a machine, switch nested virtualization on there.",
      detail: "KVM self-test: no progress after 5.0 s\nfalling back to tcg",
    },
    { id: "qemu", title: "QEMU", state: "good", found: "Version 7.2.15 for x86_64 and i386.", mend: "" },
    { id: "jail", title: "Confinement", state: "good", found: "A canary inside the jail saw no network and no file of yours.", mend: "" },
    {
      id: "swtpm",
      title: "TPM",
      state: "bad",
      found: "swtpm is not installed, so machines cannot have a TPM.",
      mend: "Install it: sudo apt-get install swtpm",
    },
    { id: "space", title: "Room on disk", state: "good", found: "128 GiB is free.", mend: "" },
    {
      id: "clock",
      title: "Clock",
      state: "unknown",
      found: "No time service answered.",
      mend: "Nothing to do unless machines show the wrong time.",
    },
  ],
};
