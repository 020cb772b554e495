// Puts the tiny Linux's initramfs together: pure, and the same packages always give the same bytes.
import { malformed } from "../archive/byte-reader.ts";
import { type CpioEntry, writeCpio } from "../archive/cpio.ts";
import { neededLibraries } from "./elf.ts";
import { MODULES, MORE_MODULES, OWN_FILES } from "./files.ts";
import { type KernelModule, modulesAlias, modulesDep, withDependencies } from "./modules.ts";
import { residentProgram } from "./resident.ts";
import { runnerProgram } from "./runner.ts";
import { type TinyTarget, tinyTarget } from "./targets.ts";

export interface Ingredients {
  /** “6.1.0-56-cloud-amd64” */
  readonly kernelRelease: string;
  /** By name; the wanted ones and what they need. */
  readonly modules: ReadonlyMap<string, KernelModule>;
  /** modules.builtin and modules.order of the kernel package: modprobe wants to know what is built in. */
  readonly modulesBuiltin: string;
  readonly busybox: Uint8Array;
  /** Names that the busybox program answers to. */
  readonly applets: readonly string[];
  readonly agent: Uint8Array;
  /** Shared libraries by soname, links already followed. */
  readonly libraries: ReadonlyMap<string, Uint8Array>;
  /** Which processor all this is for. */
  readonly target: TinyTarget;
  /** Licences of the parts: file name → text. */
  readonly copyrights: ReadonlyMap<string, Uint8Array>;
}

const FOLDERS = ["bin", "dev", "etc", "lib", "mnt", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "usr/bin", "usr/sbin", "var"];
/** The libraries that a program needs, and those that they need. Throws `archive.malformed` when one is in none of the packages. */
export function librariesFor(
  program: Uint8Array,
  libraries: ReadonlyMap<string, Uint8Array>,
  loader = loaderName(tinyTarget("amd64")),
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const queue = [...neededLibraries(program), loader];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (found.has(name)) continue;
    const body = libraries.get(name);
    if (!body) throw malformed("set of packages", `the library ${name} is in none of them`);
    found.set(name, body);
    queue.push(...neededLibraries(body));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const loaderName = (target: TinyTarget | undefined): string => target?.loader.replace(/^.*\//, "") ?? "";

const SBIN = new Set([
  "init",
  "poweroff",
  "reboot",
  "halt",
  "getty",
  "hwclock",
  "modprobe",
  "insmod",
  "rmmod",
  "acpid",
  "uevent",
  "udhcpc",
  "ip",
  "mdev",
]);

function systemFiles(parts: Ingredients): { path: string; mode: number; body: Uint8Array }[] {
  const text = new TextEncoder();
  const release = `lib/modules/${parts.kernelRelease}`;
  const modules = withDependencies(parts.modules, [...MODULES, ...MORE_MODULES]);
  const inRelease = (module: KernelModule) => module.path.replace(/^.*?lib\/modules\/[^/]+\//, "");
  const wantedAliases = modules.filter((module) => MORE_MODULES.includes(module.name) || MODULES.includes(module.name));
  return [
    ...OWN_FILES.map((file) => ({ path: file.path, mode: file.mode, body: text.encode(file.text) })),
    ...(parts.target.canReseed ? [{ path: "lib/mimic/identity", mode: 0o755, body: residentProgram() }] : []),
    ...(parts.target.canReseed ? [{ path: "lib/mimic/run", mode: 0o755, body: runnerProgram() }] : []),
    { path: "bin/busybox", mode: 0o755, body: parts.busybox },
    { path: "usr/sbin/qemu-ga", mode: 0o755, body: parts.agent },
    ...[...librariesFor(parts.agent, parts.libraries, loaderName(parts.target))].map(([name, body]) => ({
      path: name === loaderName(parts.target) ? parts.target.loader : `${parts.target.libraries}/${name}`,
      mode: 0o755,
      body,
    })),
    ...modules.map((module) => ({ path: `${release}/${inRelease(module)}`, mode: 0o644, body: module.body })),
    { path: `${release}/modules.dep`, mode: 0o644, body: text.encode(modulesDep(modules, inRelease)) },
    { path: `${release}/modules.alias`, mode: 0o644, body: text.encode(modulesAlias(wantedAliases)) },
    { path: `${release}/modules.builtin`, mode: 0o644, body: text.encode(parts.modulesBuiltin) },
    ...[...parts.copyrights].map(([name, body]) => ({ path: `usr/share/doc/${name}/copyright`, mode: 0o644, body })),
  ];
}

export function buildInitrd(parts: Ingredients): Uint8Array {
  const files = systemFiles(parts);
  const links = parts.applets
    .filter((name) => name !== "busybox" && /^[a-z0-9[][a-z0-9_.[-]*$/.test(name))
    .map((name) => ({ path: SBIN.has(name) ? `sbin/${name}` : `bin/${name}`, kind: "link" as const, target: "/bin/busybox" }))
    .filter((link) => !files.some((file) => file.path === link.path || file.path === `s${link.path}`));
  const folders = new Set(FOLDERS);
  for (const { path } of files) for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  const entries: CpioEntry[] = [
    ...[...folders]
      .sort()
      .map((path) => ({ path, kind: "folder" as const, mode: path === "root" ? 0o700 : path === "tmp" ? 0o1777 : 0o755 })),
    { path: "dev/console", kind: "device", mode: 0o600, major: 5, minor: 1 },
    { path: "dev/null", kind: "device", mode: 0o666, major: 1, minor: 3 },
    ...files.sort(byPath).map((file) => ({ ...file, kind: "file" as const })),
    ...links.sort(byPath),
  ];
  return writeCpio(entries);
}
