// One file, or kernel and initrd, out of a Debian package: memtest86+, iPXE, the Debian installer.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LongWork, MimicError } from "@mimic/base";
import type { System } from "@mimic/model";
import { malformed } from "../archive/byte-reader.ts";
import { matchesPath } from "../debian/package-path.ts";
import { type BootPart, resolvePackages } from "./assemble-tiny-linux.ts";
import { unpackDeb } from "./deb-file.ts";
import type { DebianArchive, FoundPackage } from "./debian-archive.ts";

type AssembleSource = Extract<System["source"], { way: "assemble" }>;
const MAX_FILE = 512 * 1024 ** 2;

async function fromPackage(archive: DebianArchive, source: AssembleSource, paths: readonly string[], work: LongWork) {
  const index = await archive.packages(source.suite, (name) => source.packages.includes(name), work);
  const [one] = resolvePackages(source.packages, index, source.suite);
  if (!one) throw new MimicError("debian.package_missing", "The recipe names no package.", { hint: "Use another system." });
  const path = await archive.fetch(one, work);
  work.report({ words: `Unpacking ${one.name}` });
  const { files } = await unpackDeb(path, (name) => paths.some((pattern) => matchesPath(pattern, name)), {
    signal: work.signal,
    maxBytes: MAX_FILE,
  });
  const bodies = paths.map((pattern) => {
    const [file, another] = [...files.values()].filter((one) => matchesPath(pattern, one.path));
    if (!file) throw malformed("package", `${pattern} is not in it`);
    if (another) throw malformed("package", `${pattern} is there twice: ${file.path} and ${another.path}`);
    return file.body;
  });
  return { package: one, bodies };
}

/** Kernel and initrd, as the recipe's options `kernel` and `initrd` name them. */
export async function assembleBootFiles(
  archive: DebianArchive,
  source: AssembleSource,
  folder: string,
  work: LongWork,
): Promise<{ readonly parts: readonly BootPart[]; readonly package: FoundPackage }> {
  // A boot loader or firmware brings no initrd.
  const names = (["kernel", "initrd"] as const).filter((name) => name === "kernel" || source.options[name] !== undefined);
  const found = await fromPackage(
    archive,
    source,
    names.map((name) => source.options[name] ?? ""),
    work,
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const parts: BootPart[] = [];
  for (const [i, name] of names.entries()) {
    const body = found.bodies[i] ?? new Uint8Array(0);
    await writeFile(join(folder, name), body, { flag: "wx", mode: 0o600 });
    parts.push({ name, sha256: createHash("sha256").update(body).digest("hex"), sizeBytes: body.length });
  }
  return { parts, package: found.package };
}

/** The one file that the recipe's option `file` names, written to `path`. */
export async function assembleFile(archive: DebianArchive, source: AssembleSource, path: string, work: LongWork): Promise<FoundPackage> {
  const found = await fromPackage(archive, source, [source.options["file"] ?? ""], work);
  await writeFile(path, found.bodies[0] ?? new Uint8Array(0), { flag: "wx", mode: 0o600 });
  return found.package;
}
