// The catalogue's way “install” for Debian: verified packages are unpacked here into one archive, a machine without any
// network puts them onto a new disk and sets them up, and the disk becomes an image. Needs no root and no dpkg here.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, formatSize, gib, type IdMaker, type Log, type LongWork, MimicError, orThrow } from "@mimic/base";
import { type ImageRecord, MachineRecord, type System } from "@mimic/model";
import type { DiskTool, Hypervisor, MachineFiles, NewImage } from "@mimic/workbench/ports";
import { dpkgDatabase, infoName } from "../../install/dpkg-database.ts";
import { guestScripts } from "../../install/guest-scripts.ts";
import { type InstallerParts, installerParts, wantedByInstaller } from "../../install/installer-initrd.ts";
import { masterBootRecord } from "../../install/mbr.ts";
import { HELPER_PACKAGES, wantedPackages } from "../../install/package-set.ts";
import { resolve } from "../../install/resolve.ts";
import { passingFiles, systemFiles } from "../../install/system-files.ts";
import type { DebianArchive, FoundPackage } from "../debian-archive.ts";
import { sha256Of } from "../quarantine.ts";
import { addFiles, addPackages, MediumWriter } from "./medium.ts";
import { watchGuest } from "./watch-guest.ts";

/** Who can run the machine in which a system is installed. */
export interface InstallingMachines {
  readonly hypervisor: Pick<Hypervisor, "boot">;
  readonly diskTool: Pick<DiskTool, "createEmpty" | "copy" | "checkHeader">;
  readonly ids: IdMaker;
  /** A short path (sockets lie in it), the same for the same name, used by nobody else; made when it is not there. */
  readonly runDirectory: (name: string) => string;
}

export interface InstallNeeds {
  readonly machines: InstallingMachines;
  readonly archive: DebianArchive;
  readonly clock: Clock;
  readonly log: Log;
  /** Empty; removed by the caller unless an image comes out. */
  readonly folder: string;
}

type InstallSource = Extract<System["source"], { way: "install" }>;

const DISK_BYTES = gib(8);
/** Medium, disk and image together, with some to spare. */
const NEEDED_BYTES = gib(3);

async function refuseSmallDisk(folder: string): Promise<void> {
  const space = await statfs(folder);
  const free = space.bavail * space.bsize;
  if (free < NEEDED_BYTES)
    throw new MimicError("disk.full", `Installing a system needs ${formatSize(NEEDED_BYTES)} of room here; ${formatSize(free)} is free.`, {
      hint: "Make room and try again.",
    });
}

interface Chosen {
  readonly order: readonly FoundPackage[];
  readonly helpers: readonly FoundPackage[];
  readonly wanted: readonly string[];
}

async function choosePackages(archive: DebianArchive, source: InstallSource, work: LongWork): Promise<Chosen> {
  const index = await archive.packages(source.suite, () => true, work);
  const wanted = wantedPackages(index, source.packages);
  const helpers = HELPER_PACKAGES.flatMap((name) => index.get(name) ?? []);
  return { order: resolve(index, wanted), helpers, wanted };
}

async function fetchAll(archive: DebianArchive, packages: readonly FoundPackage[], work: LongWork): Promise<string[]> {
  const total = packages.reduce((sum, one) => sum + one.sizeBytes, 0);
  const paths: string[] = [];
  let done = 0;
  for (const one of packages) {
    work.report({ words: `Getting ${one.name}`, done, total, unit: "bytes" });
    paths.push(await archive.fetch(one, { signal: work.signal, report() {} }));
    done += one.sizeBytes;
  }
  return paths;
}

interface Prepared {
  readonly parts: InstallerParts;
  readonly mediumBytes: number;
}

async function prepare(needs: InstallNeeds, source: InstallSource, user: string, chosen: Chosen, work: LongWork): Promise<Prepared> {
  const { order, helpers, wanted } = chosen;
  const paths = await fetchAll(needs.archive, [...order, ...helpers], work);
  const sources = [...order, ...helpers].map(({ name }, at) => ({ name, path: paths[at] ?? "", inside: at < order.length }));
  const target = { uuid: randomUUID(), suite: source.suite, user };
  await using medium = await MediumWriter.create(join(needs.folder, "medium.raw"));
  const added = await addPackages(medium, sources, wantedByInstaller, work);
  await addFiles(medium, [...dpkgDatabase(added.packages, new Set(wanted)), ...systemFiles(target), ...passingFiles()]);
  const mediumBytes = await medium.finish();
  const scripts = guestScripts({
    uuid: target.uuid,
    user,
    order: order.map((one) => one.name),
    preinsts: added.packages
      .filter((one) => one.control.some((file) => file.name === "preinst"))
      .map((one) => ({ name: one.name, info: infoName(one) })),
    dpkgVersion: order.find((one) => one.name === "dpkg")?.version ?? "1",
  });
  const text = new TextEncoder();
  const parts = installerParts(added.kept, added.links, [
    { path: "init", mode: 0o755, body: text.encode(scripts.init) },
    { path: "install/setup", mode: 0o755, body: text.encode(scripts.setup) },
    { path: "install/mbr", mode: 0o644, body: masterBootRecord(DISK_BYTES, randomBytes(4).readUInt32LE()) },
  ]);
  return { parts, mediumBytes };
}

/** Never in the machine store: it lives as long as this work, and a daemon that starts anew ends it as one that no record knows. */
function installingMachine(needs: InstallNeeds, system: System, prepared: Prepared): { record: MachineRecord; files: MachineFiles } {
  const { ids, runDirectory } = needs.machines;
  const [disk, medium] = [ids.make("dsk"), ids.make("dsk")];
  const record = MachineRecord.parse({
    id: ids.make("mch"),
    name: "installing",
    createdAt: new Date(needs.clock.nowMs()).toISOString(),
    hardware: {
      cpus: 2,
      memoryMiB: 1536,
      display: "none",
      input: "ps2",
      serialPorts: 1,
      agent: false,
      disks: [
        { id: disk, bus: "virtio", format: "qcow2", sizeBytes: DISK_BYTES },
        { id: medium, bus: "virtio", format: "raw", sizeBytes: prepared.mediumBytes, readOnly: true },
      ],
      directBoot: {
        image: "0".repeat(64),
        kernel: "kernel",
        initrd: "initrd",
        // It runs what is signed, once, alone: nothing to be guarded from itself. Programs that lie at the same addresses each
        // time are translated once and not anew for each of some thousand processes: two fifths of the whole time.
        commandLine: "console=ttyS0 quiet norandmaps mitigations=off audit=0 cryptomgr.notests panic=-1",
      },
    },
    readiness: { sign: { kind: "none" } },
  });
  const files: MachineFiles = {
    runDirectory: runDirectory(`install-${system.id}`.slice(0, 32)),
    logDirectory: join(needs.folder, "log"),
    nvramDirectory: join(needs.folder, "nvram"),
    disks: {
      [disk]: [{ path: join(needs.folder, "disk.qcow2"), format: "qcow2" }],
      [medium]: [{ path: join(needs.folder, "medium.raw"), format: "raw" }],
    },
    media: {},
    kernel: join(needs.folder, "kernel"),
    initrd: join(needs.folder, "initrd"),
  };
  return { record, files };
}

async function runMachine(needs: InstallNeeds, system: System, prepared: Prepared, work: LongWork): Promise<void> {
  const { hypervisor, diskTool } = needs.machines;
  const { record, files } = installingMachine(needs, system, prepared);
  await writeFile(files.kernel ?? "", prepared.parts.kernel, { flag: "wx", mode: 0o600 });
  await writeFile(files.initrd ?? "", prepared.parts.initrd, { flag: "wx", mode: 0o600 });
  await mkdir(files.logDirectory, { mode: 0o700 });
  await diskTool.createEmpty(join(needs.folder, "disk.qcow2"), "qcow2", DISK_BYTES, work);
  const startedAt = needs.clock.monotonicMs();
  try {
    const machine = await hypervisor.boot({ record, files }, work);
    try {
      const phases = await watchGuest(machine, prepared.mediumBytes, needs.clock, work);
      needs.log.info("system installed", Object.fromEntries(phases.map(({ phase, atMs }) => [phase, Math.round(atMs - startedAt)])));
    } finally {
      // Its disk is in order by now, or will be thrown away.
      await machine.end({ signal: AbortSignal.timeout(30_000) });
      await machine.release();
    }
  } finally {
    await rm(files.runDirectory, { recursive: true, force: true });
  }
}

/** Throws `install.*`, `debian.*`, `download.*`, `disk.full`, `qemu.*`. */
export async function installDebian(needs: InstallNeeds, system: System, source: InstallSource, work: LongWork): Promise<NewImage> {
  await refuseSmallDisk(needs.folder);
  const { machines, clock, log, folder } = needs;
  const since = clock.monotonicMs();
  const chosen = await choosePackages(needs.archive, source, work);
  const prepared = await prepare(needs, source, system.login?.user ?? "mimic", chosen, work);
  log.info("installation prepared", {
    packages: chosen.order.length,
    mediumBytes: prepared.mediumBytes,
    tookMs: Math.round(clock.monotonicMs() - since),
  });
  await runMachine(needs, system, prepared, work);
  const [disk, image] = [join(folder, "disk.qcow2"), join(folder, "image.qcow2")];
  orThrow(await machines.diskTool.checkHeader([{ path: disk, format: "qcow2" }]));
  await machines.diskTool.copy([{ path: disk, format: "qcow2" }], { path: image, format: "qcow2" }, work);
  orThrow(await machines.diskTool.checkHeader([{ path: image, format: "qcow2" }]));
  for (const name of ["disk.qcow2", "medium.raw", "kernel", "initrd", "log"])
    await rm(join(folder, name), { recursive: true, force: true });
  work.report({ words: "Taking the image's digest" });
  const list = chosen.order.map((one) => `${one.name} ${one.version}`).join(", ");
  const record: ImageRecord = {
    digest: await sha256Of(image, work.signal),
    name: system.name,
    kind: "disk",
    format: "qcow2",
    sizeBytes: (await stat(image)).size,
    virtualBytes: DISK_BYTES,
    parts: [],
    architecture: system.architecture,
    system: system.id,
    addedAt: new Date(clock.nowMs()).toISOString(),
    source: `installed here from ${chosen.order.length} Debian packages: ${list}`.slice(0, 2000),
    verifiedBy: "Debian's signature over the package index, and the packages' SHA-256 in it",
  };
  return { record, path: image };
}
