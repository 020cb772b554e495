// The tiny Linux: fetches its Debian packages, takes what is needed out of them and writes kernel and initrd.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { Readable } from "node:stream";
import { type LongWork, MimicError } from "@mimic/base";
import { collect, malformed } from "../archive/byte-reader.ts";
import { dependencyNames } from "../debian/control.ts";
import { busyboxApplets } from "../tiny-linux/applets.ts";
import { buildInitrd, type Ingredients } from "../tiny-linux/build.ts";
import { MODULES, MORE_MODULES } from "../tiny-linux/files.ts";
import { type KernelModule, moduleName, readModule, withDependencies } from "../tiny-linux/modules.ts";
import { type TinyTarget, tinyTarget } from "../tiny-linux/targets.ts";
import { readDeb, type Unpacked, unpackDeb } from "./deb-file.ts";
import type { DebianArchive, FoundPackage } from "./debian-archive.ts";
import { decompress } from "./decompress.ts";

export interface BootPart {
  readonly name: "kernel" | "initrd";
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Assembled {
  readonly parts: readonly BootPart[];
  readonly packages: readonly FoundPackage[];
  readonly kernelRelease: string;
}

const MAX_FILE = 96 * 1024 ** 2;
const MAX_MODULE = 8 * 1024 ** 2;

const missingPackage = (name: string, suite: string): MimicError =>
  new MimicError("debian.package_missing", `Debian “${suite}” has no package “${name}”.`, {
    hint: "The mirror is incomplete, or the recipe is older than the suite. Try another mirror.",
  });

/** Replaces the kernel's meta package by the kernel that it stands for today. */
export function resolvePackages(names: readonly string[], index: ReadonlyMap<string, FoundPackage>, suite: string): FoundPackage[] {
  return names.map((name) => {
    const meta = index.get(name);
    if (!meta) throw missingPackage(name, suite);
    const real = dependencyNames(meta.depends).find((dependency) => /^linux-image-\d/.test(dependency));
    if (!/^linux-image-/.test(name) || real === undefined) return meta;
    const kernel = index.get(real);
    if (!kernel) throw missingPackage(real, suite);
    return kernel;
  });
}

interface Kernel {
  readonly release: string;
  readonly image: Uint8Array;
  readonly modules: ReadonlyMap<string, KernelModule>;
  readonly modulesBuiltin: string;
  readonly copyright: Uint8Array;
}

/** Newer kernels pack each module by itself. */
interface PackedModule {
  readonly path: string;
  readonly body: Uint8Array;
}

/** What a module needs is written inside it, so they are unpacked one after the other: a hundred of thousands. */
async function unpackWanted(packed: ReadonlyMap<string, PackedModule>, wanted: readonly string[], into: Map<string, KernelModule>) {
  const ahead = [...wanted];
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    const one = packed.get(name);
    if (one === undefined || into.has(name)) continue;
    const body = await collect(decompress(Readable.from([one.body]), "xz"), MAX_MODULE, "kernel module");
    const module = readModule(one.path, body);
    into.set(name, module);
    ahead.push(...module.depends);
  }
}

/** One pass over the package: modules come in any order, so every candidate is looked at and few are kept. */
async function readKernel(path: string, signal: AbortSignal): Promise<Kernel> {
  const modules = new Map<string, KernelModule>();
  const packed = new Map<string, PackedModule>();
  let image: Uint8Array | undefined;
  let release = "";
  let modulesBuiltin = "";
  let copyright: Uint8Array = new Uint8Array(0);
  for await (const entry of readDeb(path, signal)) {
    if (entry.kind !== "file") continue;
    const kernel = /^boot\/vmlinu[xz]-([A-Za-z0-9.+~-]{1,100})$/.exec(entry.path);
    if (kernel?.[1]) {
      release = kernel[1];
      image = await collect(entry.body, MAX_FILE, "kernel");
    } else if (entry.path.endsWith(".ko") && entry.sizeBytes < MAX_MODULE) {
      const module = readModule(entry.path, await collect(entry.body, MAX_FILE, "kernel module"));
      modules.set(module.name, module);
    } else if (entry.path.endsWith(".ko.xz") && entry.sizeBytes < MAX_MODULE) {
      const path = entry.path.slice(0, -".xz".length);
      packed.set(moduleName(path), { path, body: await collect(entry.body, MAX_MODULE, "kernel module") });
    } else if (entry.path.endsWith("/modules.builtin")) {
      modulesBuiltin = new TextDecoder().decode(await collect(entry.body, MAX_FILE, "list of modules"));
    } else if (entry.path.endsWith("/copyright")) copyright = await collect(entry.body, MAX_FILE, "licence");
  }
  const wanted = [...MODULES, ...MORE_MODULES].map((name) => moduleName(`/${name}.ko`));
  await unpackWanted(packed, wanted, modules);
  if (!image || modules.size === 0) throw malformed("kernel package", "it holds no kernel or no modules");
  const kept = withDependencies(modules, wanted);
  return { release, image, modulesBuiltin, copyright, modules: new Map(kept.map((module) => [module.name, module])) };
}

/** Libraries by soname: `libc.so.6`, also where that is a link to `libc-2.36.so`. */
function librariesOf(unpacked: readonly Unpacked[]): Map<string, Uint8Array> {
  const libraries = new Map<string, Uint8Array>();
  for (const { files, links } of unpacked) {
    for (const file of files.values()) if (/\.so(\.|$)/.test(file.path)) libraries.set(posix.basename(file.path), file.body);
    for (const [path, target] of links) {
      const file = files.get(posix.join(posix.dirname(path), target)) ?? files.get(target.replace(/^\//, ""));
      if (file && /\.so(\.|$)/.test(path)) libraries.set(posix.basename(path), file.body);
    }
  }
  return libraries;
}

function oneFile(unpacked: readonly Unpacked[], pattern: RegExp, what: string): Uint8Array {
  for (const { files } of unpacked) for (const file of files.values()) if (pattern.test(file.path)) return file.body;
  throw malformed("set of packages", `${what} is in none of them`);
}

const wantedFile = (path: string): boolean =>
  /^(usr\/)?lib(64)?\/([a-z0-9_]+-linux-gnu[a-z0-9]*\/)?[^/]+\.so(\.[^/]*)?$/.test(path) ||
  /^(usr\/)?s?bin\/(busybox|qemu-ga)$/.test(path) ||
  /^usr\/share\/doc\/[^/]+\/copyright$/.test(path);

async function gather(
  paths: readonly { readonly name: string; readonly path: string }[],
  target: TinyTarget,
  work: LongWork,
): Promise<Ingredients & { image: Uint8Array }> {
  let kernel: Kernel | undefined;
  const unpacked: Unpacked[] = [];
  const copyrights = new Map<string, Uint8Array>();
  for (const [index, { name, path }] of paths.entries()) {
    work.report({ words: `Unpacking ${name}`, done: index, total: paths.length, unit: "steps" });
    if (name.startsWith("linux-image-")) {
      kernel = await readKernel(path, work.signal);
      copyrights.set(name, kernel.copyright);
      continue;
    }
    const one = await unpackDeb(path, wantedFile, { signal: work.signal, maxBytes: MAX_FILE });
    unpacked.push(one);
    for (const file of one.files.values()) if (file.path.endsWith("/copyright")) copyrights.set(name, file.body);
  }
  if (!kernel) throw malformed("set of packages", "there is no kernel among them");
  const busybox = oneFile(unpacked, /bin\/busybox$/, "busybox");
  const applets = busyboxApplets(busybox);
  if (applets.length === 0) throw malformed("busybox package", "the names of its programs were not found");
  return {
    image: kernel.image,
    kernelRelease: kernel.release,
    modules: kernel.modules,
    modulesBuiltin: kernel.modulesBuiltin,
    busybox,
    applets,
    agent: oneFile(unpacked, /bin\/qemu-ga$/, "the guest agent"),
    libraries: librariesOf(unpacked),
    target,
    copyrights,
  };
}

async function writePart(folder: string, name: BootPart["name"], body: Uint8Array): Promise<BootPart> {
  await writeFile(join(folder, name), body, { flag: "wx", mode: 0o600 });
  return { name, sha256: createHash("sha256").update(body).digest("hex"), sizeBytes: body.length };
}

/** Writes `kernel` and `initrd` into the (empty) folder. Needs no root, no dpkg, and runs nothing from the packages. */
export async function assembleTinyLinux(
  archive: DebianArchive,
  recipe: { readonly suite: string; readonly packages: readonly string[]; readonly options: Readonly<Record<string, string>> },
  folder: string,
  work: LongWork,
): Promise<Assembled> {
  const wanted = new Set(recipe.packages);
  const architecture = recipe.options["debianArchitecture"] ?? "amd64";
  const target = tinyTarget(architecture);
  if (!target) throw new Error(`no tiny Linux is known for ${architecture}`);
  const isWanted = (name: string): boolean => wanted.has(name) || /^linux-image-\d/.test(name);
  const index = await archive.packages(recipe.suite, isWanted, work, `binary-${architecture}`);
  const packages = resolvePackages(recipe.packages, index, recipe.suite);
  const paths: { name: string; path: string }[] = [];
  for (const one of packages) paths.push({ name: one.name, path: await archive.fetch(one, work) });
  const ingredients = await gather(paths, target, work);
  work.report({ words: "Putting it together" });
  const parts = [await writePart(folder, "kernel", ingredients.image), await writePart(folder, "initrd", buildInitrd(ingredients))];
  return { parts, packages, kernelRelease: ingredients.kernelRelease };
}
