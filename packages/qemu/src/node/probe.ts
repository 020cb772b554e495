// Asks a QEMU binary once what it can do, and proves once per boot of this computer whether KVM runs guests.
// Both answers are kept in one file; anything that could change them is part of its key.
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type ErrorCode, type Log, MimicError, messageOf, type Waiting } from "@mimic/base";
import { z } from "zod";
import { isNewEnough, QemuCapabilities } from "../capabilities.ts";
import { qemuBroken, qemuMissing, qemuTooOld } from "../errors.ts";
import { FirmwareDescriptor } from "../firmware.ts";
import { kvmTestArgs, kvmTestImage, PROVED_STATUS } from "../kvm-test.ts";
import { handOver } from "./cage.ts";
import { startHelperQemu } from "./helper-qemu.ts";
import { bootId } from "./process.ts";
import { type Cage, runCaged, seenFolder } from "./spawn.ts";

const Verdict = z.object({ key: z.string(), works: z.boolean(), because: z.string(), permission: z.boolean() });
export type KvmVerdict = z.infer<typeof Verdict>;
const Cached = z.object({
  v: z.literal(1),
  capabilities: z.object({ key: z.string(), value: QemuCapabilities }).optional(),
  /** The QEMUs for other processors. */
  others: z
    .array(z.object({ key: z.string(), value: QemuCapabilities }))
    .max(16)
    .optional(),
  kvm: z.array(Verdict).max(64),
});
type Cached = z.infer<typeof Cached>;

export class Probe {
  readonly #folder: string;
  readonly #file: string;
  readonly #log: Log;
  #held: Cached | undefined;
  readonly #asking = new Map<string, Promise<QemuCapabilities>>();

  constructor(stateDirectory: string, log: Log) {
    this.#folder = `${stateDirectory}/tmp`;
    this.#file = `${stateDirectory}/qemu.json`;
    this.#log = log;
  }

  /** Of the QEMU for PCs, or of another binary. Throws `qemu.missing`, `qemu.too_old`, `qemu.broken`. Several callers share one question. */
  capabilities(cage: Cage, options: Waiting, binary = cage.tools.qemu): Promise<QemuCapabilities> {
    if (binary === undefined) return Promise.reject(qemuMissing());
    const asking = this.#asking.get(binary) ?? this.#ask(cage, binary, options).finally(() => this.#asking.delete(binary));
    this.#asking.set(binary, asking);
    return asking;
  }

  async #ask(cage: Cage, binary: string, options: Waiting): Promise<QemuCapabilities> {
    const key = await keyOf(binary);
    const known = [(await this.#cached()).capabilities, ...((await this.#cached()).others ?? [])].find((one) => one?.key === key);
    if (known) return known.value;
    const value = await askQemu(cage, binary, this.#folder, options);
    const cached = await this.#cached();
    const found = { key, value };
    const others = (cached.others ?? []).filter((one) => one.value.binary !== binary);
    await this.#keep(
      binary === cage.tools.qemu ? { ...cached, capabilities: found } : { ...cached, others: [...others, found].slice(-16) },
    );
    return value;
  }

  /** Whether KVM can run guests with this processor model; at most about 4.5 s, then remembered until this computer restarts. */
  async kvm(cage: Cage, capabilities: QemuCapabilities, cpuModel: string, fresh = false): Promise<KvmVerdict> {
    const key = [bootId(), capabilities.version, cpuModel, cage.user?.uid ?? "same"].join(" ");
    const known = (await this.#cached()).kvm.find((verdict) => verdict.key === key);
    if (known && !fresh) return known;
    const found = { key, ...(await tryKvm(cage, capabilities, cpuModel, this.#folder)) };
    const cached = await this.#cached();
    // Verdicts of earlier boots can never be asked for again.
    const others = cached.kvm.filter((verdict) => verdict.key !== key && verdict.key.startsWith(bootId()));
    await this.#keep({ ...cached, kvm: [...others, found].slice(-64) });
    return found;
  }

  async #cached(): Promise<Cached> {
    if (this.#held) return this.#held;
    let held: Cached = { v: 1, kvm: [] };
    try {
      held = Cached.parse(JSON.parse(await readFile(this.#file, "utf8")));
    } catch {
      // absent or from another version: asked anew
    }
    this.#held ??= held;
    return this.#held;
  }

  async #keep(cached: Cached): Promise<void> {
    if (isDeepStrictEqual(cached, this.#held)) return;
    this.#held = cached;
    try {
      const temporary = `${this.#file}.${process.pid}`;
      await writeFile(temporary, JSON.stringify(cached), { mode: 0o600 });
      await rename(temporary, this.#file);
    } catch (error) {
      this.#log.warn("probe result not kept", { error: messageOf(error) });
    }
  }
}

async function keyOf(binary: string): Promise<string> {
  try {
    const path = await realpath(binary);
    const facts = await stat(path);
    return `${path} ${facts.mtimeMs} ${facts.size} ${facts.ino}`;
  } catch {
    throw qemuMissing();
  }
}

/** Of the hundreds of boards those that Mimic makes machines with. */
const BOARDS_IN_USE = /^(pc-|virt(-|$)|pseries-|s390-ccw-virtio-|(mac99|g3beige|malta|SS-5)$)/;

const NOT_OFFERED: ErrorCode = "qmp.refused";
const TOO_OLD: ErrorCode = "qemu.too_old";

async function askQemu(cage: Cage, binary: string, parent: string, options: Waiting): Promise<QemuCapabilities> {
  try {
    await using qemu = await startHelperQemu(cage, { binary, parent, args: [] }, options);
    const { session } = qemu;
    const { version } = await session.ready;
    // At once: what else is asked here an old one may not understand.
    if (!isNewEnough(version)) throw qemuTooOld(version);
    const machines = await session.execute("query-machines", {}, options);
    const devices = await session.execute("qom-list-types", { implements: "device", abstract: false }, options);
    // Not every QEMU can list its processors.
    const cpus = await session.execute("query-cpu-definitions", {}, options).catch((error: unknown) => {
      if (error instanceof MimicError && error.code === NOT_OFFERED) return [];
      throw error;
    });
    return {
      binary,
      version,
      machines: machines.map((m) => m.name).filter((name) => BOARDS_IN_USE.test(name)),
      devices: devices.map((d) => d.name),
      cpuModels: cpus.map((c) => c.name).sort(),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof MimicError && error.code === TOO_OLD) throw error;
    throw qemuBroken(messageOf(error));
  }
}

async function tryKvm(cage: Cage, capabilities: QemuCapabilities, cpuModel: string, parent: string): Promise<Omit<KvmVerdict, "key">> {
  const no = (because: string, permission = false) => ({ works: false, because, permission });
  let group: number;
  try {
    const facts = await stat("/dev/kvm");
    group = facts.gid;
    const { user } = cage;
    const allowed =
      user === undefined ? await canOpen("/dev/kvm") : (facts.mode & 0o006) === 6 || ((facts.mode & 0o060) === 0o060 && facts.gid !== 0);
    if (!allowed) return no(`/dev/kvm is there, but ${user ? "QEMU's user" : "you"} may not open it.`, true);
  } catch {
    return no("This computer offers no hardware virtualization (/dev/kvm is not there).");
  }
  return await runProof(cage, capabilities.binary, "kvm", cpuModel, parent, group);
}

const canOpen = (path: string): Promise<boolean> =>
  access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );

/** Runs the proof. Exported for the test that shows it to pass where guests do run (TCG). */
export async function runProof(
  cage: Cage,
  binary: string,
  accelerator: "kvm" | "tcg",
  cpuModel: string,
  parent: string,
  group?: number,
): Promise<Omit<KvmVerdict, "key">> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${parent}/k-`);
  try {
    await writeFile(`${folder}/test.rom`, kvmTestImage(), { mode: 0o644 });
    await handOver(folder, cage, ["test.rom"]);
    const argv = [binary, ...kvmTestArgs(accelerator, cpuModel, `${seenFolder(cage)}/test.rom`)];
    const devices = accelerator === "kvm" ? ["/dev/kvm"] : [];
    for (const limitMs of [1000, 3000]) {
      const run = await runCaged(cage, { argv, folder, devices, groups: group === undefined ? [] : [group] }, limitMs);
      if (run.timedOut) continue;
      if (run.code === PROVED_STATUS) return { works: true, because: "A small test guest ran to its end.", permission: false };
      return { works: false, because: "/dev/kvm is there, but a small test guest did not run to its end on it.", permission: false };
    }
    return { works: false, because: "/dev/kvm is there, but a small test guest hung on it.", permission: false };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The distribution's firmware descriptors, a person's own folder first, in file-name order. */
export async function readFirmware(): Promise<readonly FirmwareDescriptor[]> {
  const byName = new Map<string, FirmwareDescriptor>();
  for (const folder of ["/usr/share/qemu/firmware", "/etc/qemu/firmware"]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((n) => n.endsWith(".json"))) {
      try {
        const descriptor = FirmwareDescriptor.parse(JSON.parse(await readFile(`${folder}/${name}`, "utf8")));
        // Some distributions describe what they do not bring.
        if (descriptor.mapping.executable) await access(descriptor.mapping.executable.filename, constants.R_OK);
        byName.set(name, descriptor);
      } catch {
        // a descriptor of a kind that we do not use (kernel images, memory regions), or of nothing
      }
    }
  }
  return [...byName.keys()].sort().map((name) => byName.get(name) as FirmwareDescriptor);
}
