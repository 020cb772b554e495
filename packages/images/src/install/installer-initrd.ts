// The first file system of the installing machine: busybox, what makes a file system, the drivers of its two disks,
// and our scripts. Everything comes out of the very packages that are installed, and busybox-static.
import { malformed } from "../archive/byte-reader.ts";
import { type CpioEntry, writeCpio } from "../archive/cpio.ts";
import { busyboxApplets } from "../tiny-linux/applets.ts";
import { librariesFor } from "../tiny-linux/build.ts";
import { type KernelModule, modulesDep, readModule, withDependencies } from "../tiny-linux/modules.ts";

/** ext4 is built into the cloud kernel. */
const MODULES = ["virtio_pci", "virtio_blk"];
const TOOLS = ["mke2fs", "tune2fs", "e2fsck"] as const;
const LIBRARY =
  /^(?:usr\/)?lib(?:64|\/x86_64-linux-gnu)\/((?:ld-linux-x86-64|lib(?:c|ext2fs|e2p|com_err|blkid|uuid|pthread))\.so\.[0-9.]+)$/;
const TOOL = /^(?:usr\/)?sbin\/(mke2fs|tune2fs|e2fsck)$/;
const KERNEL = /^boot\/vmlinuz-([A-Za-z0-9.+~-]{1,100})$/;
const BUSYBOX = /^(?:usr\/)?bin\/busybox$/;

/** Which files of the packages `installerParts` reads. */
export const wantedByInstaller = (path: string): boolean =>
  LIBRARY.test(path) ||
  TOOL.test(path) ||
  KERNEL.test(path) ||
  BUSYBOX.test(path) ||
  (path.endsWith(".ko") && path.startsWith("lib/modules/"));

export interface InstallerParts {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

/** Libraries by the name that programs ask for; links lead to the file that carries the bytes. */
function librariesOf(kept: ReadonlyMap<string, Uint8Array>, links: ReadonlyMap<string, string>): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const [path, body] of kept) {
    const name = LIBRARY.exec(path)?.[1];
    if (name) found.set(name, body);
  }
  for (const [path, target] of links) {
    const name = LIBRARY.exec(path)?.[1];
    const body = found.get(target.slice(target.lastIndexOf("/") + 1));
    if (name && body && !found.has(name)) found.set(name, body);
  }
  return found;
}

function one(kept: ReadonlyMap<string, Uint8Array>, pattern: RegExp, what: string): { path: string; body: Uint8Array } {
  for (const [path, body] of kept) if (pattern.test(path)) return { path, body };
  throw malformed("set of packages", `${what} is in none of them`);
}

interface Program {
  readonly path: string;
  readonly mode: number;
  readonly body: Uint8Array;
}

function programs(kept: ReadonlyMap<string, Uint8Array>, links: ReadonlyMap<string, string>): Program[] {
  const libraries = librariesOf(kept, links);
  const files = new Map<string, Program>();
  for (const tool of TOOLS) {
    const { body } = one(kept, new RegExp(`sbin/${tool}$`), tool);
    files.set(tool, { path: `sbin/${tool}`, mode: 0o755, body });
    for (const [name, library] of librariesFor(body, libraries))
      files.set(name, { path: name.startsWith("ld-") ? `lib64/${name}` : `lib/x86_64-linux-gnu/${name}`, mode: 0o755, body: library });
  }
  return [...files.values()];
}

function kernelModules(kept: ReadonlyMap<string, Uint8Array>, release: string): Program[] {
  const all = new Map<string, KernelModule>();
  for (const [path, body] of kept) {
    if (!path.startsWith(`lib/modules/${release}/`) || !path.endsWith(".ko")) continue;
    const module = readModule(path, body);
    all.set(module.name, module);
  }
  const modules = withDependencies(all, MODULES);
  const below = (module: KernelModule) => module.path.slice(`lib/modules/${release}/`.length);
  return [
    ...modules.map((module) => ({ path: module.path, mode: 0o644, body: module.body })),
    { path: `lib/modules/${release}/modules.dep`, mode: 0o644, body: new TextEncoder().encode(modulesDep(modules, below)) },
  ];
}

/** `own` = our files: the scripts and what they read. Throws `archive.malformed` when a part is in none of the packages. */
export function installerParts(
  kept: ReadonlyMap<string, Uint8Array>,
  links: ReadonlyMap<string, string>,
  own: readonly Program[],
): InstallerParts {
  const kernel = one(kept, KERNEL, "a kernel");
  const release = KERNEL.exec(kernel.path)?.[1] ?? "";
  const busybox = one(kept, BUSYBOX, "busybox").body;
  const files = [...programs(kept, links), ...kernelModules(kept, release), { path: "bin/busybox", mode: 0o755, body: busybox }, ...own];
  const taken = new Set(files.map((file) => file.path.slice(file.path.lastIndexOf("/") + 1)));
  const folders = new Set(["dev", "proc", "sys", "target", "tmp"]);
  for (const { path } of files) for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
  const entries: CpioEntry[] = [
    ...[...folders].sort().map((path) => ({ path, kind: "folder" as const, mode: 0o755 })),
    { path: "dev/console", kind: "device", mode: 0o600, major: 5, minor: 1 },
    { path: "dev/null", kind: "device", mode: 0o666, major: 1, minor: 3 },
    ...files.map((file) => ({ ...file, kind: "file" as const })),
    ...busyboxApplets(busybox)
      .filter((name) => !taken.has(name) && /^[a-z0-9[][a-z0-9_.[-]*$/.test(name))
      .map((name) => ({ path: `bin/${name}`, kind: "link" as const, target: "/bin/busybox" })),
  ];
  return { kernel: kernel.body, initrd: writeCpio(entries) };
}
