// What `mimic doctor` finds out about QEMU and the cage on this computer. Asks anew each time.
import { stat } from "node:fs/promises";
import { MimicError, messageOf, type Waiting } from "@mimic/base";
import { libc } from "@mimic/base/node";
import type { Finding } from "@mimic/model";
import type { QemuCapabilities } from "../capabilities.ts";
import { chooseFirmware } from "../firmware.ts";
import { memorySharing } from "./memory-sharing.ts";
import { type Probe, readFirmware } from "./probe.ts";
import type { Cage } from "./spawn.ts";

const good = (id: string, title: string, found: string): Finding => ({ id, title, state: "good", found, mend: "" });

export async function diagnose(on: { readonly cage: Cage; readonly probe: Probe }, options: Waiting): Promise<readonly Finding[]> {
  const { cage } = on;
  let capabilities: QemuCapabilities | undefined;
  const findings: Finding[] = [];
  try {
    capabilities = await on.probe.capabilities(cage, options);
    findings.push(
      good(
        "qemu",
        "QEMU",
        `version ${capabilities.version}, ${capabilities.machines.length} boards, ${capabilities.devices.length} devices`,
      ),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    const hint = error instanceof MimicError ? error.hint : "Reinstall QEMU.";
    findings.push({
      id: "qemu",
      title: "QEMU",
      state: "bad",
      found: messageOf(error),
      mend: hint,
      detail: error instanceof MimicError ? error.detail : undefined,
    });
  }
  findings.push(
    await accelerator(on, capabilities),
    confinement(cage),
    user(cage),
    memorySharing(libc() !== undefined),
    ...(await firmware()),
  );
  findings.push(
    cage.tools.qemuImg
      ? good("qemu-img", "Disk tool (qemu-img)", cage.tools.qemuImg)
      : {
          id: "qemu-img",
          title: "Disk tool (qemu-img)",
          state: "bad",
          found: "not installed",
          mend: "Install it (Debian: qemu-utils): importing disks needs it.",
        },
    cage.tools.swtpm
      ? good("swtpm", "Security chip (swtpm)", cage.tools.swtpm)
      : {
          id: "swtpm",
          title: "Security chip (swtpm)",
          state: "limited",
          found: "not installed",
          mend: "Install swtpm if a machine should have a TPM (Windows 11 wants one).",
        },
  );
  return findings;
}

async function accelerator(
  on: { readonly cage: Cage; readonly probe: Probe },
  capabilities: QemuCapabilities | undefined,
): Promise<Finding> {
  const id = "accelerator";
  const title = "Hardware virtualization";
  if (capabilities === undefined) return { id, title, state: "unknown", found: "QEMU is needed to find out.", mend: "Install QEMU first." };
  const verdict = await on.probe.kvm(on.cage, capabilities, "host", true);
  if (verdict.works) return good(id, title, "KVM runs guests here: a small test guest ran to its end.");
  const there = await stat("/dev/kvm").catch(() => undefined);
  const mend =
    there === undefined
      ? "Switch virtualization (VT-x, AMD-V, SVM) on in this computer's firmware. In a virtual machine, its host must allow nesting. Without it everything works, slower."
      : verdict.permission
        ? `Machines are emulated. Give access: add ${on.cage.user ? "QEMU's user" : "yourself"} to the group “kvm” (sudo usermod -aG kvm NAME) and log in again.`
        : "Machines are emulated instead: everything works, slower. Often this computer is itself a virtual machine whose host does not pass virtualization on properly.";
  return { id, title, state: "limited", found: verdict.because, mend };
}

function confinement(cage: Cage): Finding {
  const id = "confinement";
  const title = "The cage around machines";
  if (cage.confines) return good(id, title, cage.because);
  const mend =
    cage.tools.bwrap === undefined
      ? "Install bubblewrap."
      : "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile for bwrap). Until then machines run without a cage.";
  return { id, title, state: "bad", found: cage.because, mend };
}

function user(cage: Cage): Finding {
  const id = "user";
  const title = "Whom QEMU runs as";
  if (process.getuid?.() !== 0) return good(id, title, "you, without any further rights");
  if (cage.user) return good(id, title, `Mimic runs as root; QEMU does not (user number ${cage.user.uid})`);
  return {
    id,
    title,
    state: "bad",
    found: "QEMU would run as root.",
    mend: "Install util-linux (setpriv), or run Mimic as an ordinary user.",
  };
}

async function firmware(): Promise<readonly Finding[]> {
  const descriptors = await readFirmware();
  const plain = chooseFirmware(descriptors, { architecture: "x86_64", board: "q35", secureBoot: false });
  const secure = chooseFirmware(descriptors, { architecture: "x86_64", board: "q35", secureBoot: true });
  const id = "firmware";
  const title = "UEFI firmware";
  if (plain === undefined)
    return [
      {
        id,
        title,
        state: "limited",
        found: "not installed",
        mend: "Install it (Debian: ovmf, Fedora: edk2-ovmf); machines with BIOS do not need it.",
      },
    ];
  if (secure === undefined)
    return [
      {
        id,
        title,
        state: "limited",
        found: `${plain.code}, but none with Secure Boot keys`,
        mend: "Install a firmware with enrolled keys if a machine should have Secure Boot.",
      },
    ];
  return [good(id, title, "with and without Secure Boot")];
}
