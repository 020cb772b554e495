// The programs of this computer that running a machine needs, and as whom QEMU runs.
import { accessSync, constants, lstatSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { SystemView, UserSpec } from "../jail.ts";

export interface Environment {
  readonly path: string;
  /** Uses this program as QEMU. */
  readonly qemuBinary?: string | undefined;
  /** Uses this bubblewrap; “none” = as if there were none (for tests of what happens then). */
  readonly bwrap?: string | undefined;
  /** User that QEMU runs as when Mimic itself runs as root; default: “mimic-qemu” where it exists, else “nobody”. */
  readonly qemuUser?: string | undefined;
  readonly isRoot: boolean;
}

export const environmentOf = (env: Readonly<Record<string, string | undefined>>): Environment => ({
  path: env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
  qemuBinary: env.MIMIC_QEMU,
  qemuUser: env.MIMIC_QEMU_USER,
  bwrap: env.MIMIC_BWRAP,
  isRoot: process.getuid?.() === 0,
});

export interface Tools {
  readonly qemu: string | undefined;
  readonly qemuImg: string | undefined;
  readonly bwrap: string | undefined;
  readonly setpriv: string | undefined;
  readonly prlimit: string | undefined;
  readonly swtpm: string | undefined;
}

export function findProgram(name: string, path: string): string | undefined {
  // The sbin folders are often missing in a person's PATH.
  for (const folder of [...path.split(":"), "/usr/sbin", "/usr/bin", "/bin"]) {
    if (!folder.startsWith("/")) continue;
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

export function findTools(environment: Environment): Tools {
  const find = (name: string): string | undefined => findProgram(name, environment.path);
  return {
    qemu: environment.qemuBinary ?? find("qemu-system-x86_64"),
    qemuImg: find("qemu-img"),
    bwrap: environment.bwrap === "none" ? undefined : (environment.bwrap ?? find("bwrap")),
    setpriv: find("setpriv"),
    prlimit: find("prlimit"),
    swtpm: find("swtpm"),
  };
}

/** Undefined = QEMU runs as we do. Throws never: without any such user root stays root, which the grade then says. */
export function qemuUser(environment: Environment): UserSpec | undefined {
  if (!environment.isRoot) return undefined;
  const lines = readText("/etc/passwd").split("\n");
  for (const name of [environment.qemuUser, "mimic-qemu", "nobody"]) {
    const fields = lines.find((line) => name !== undefined && line.startsWith(`${name}:`))?.split(":");
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]), groups: [] };
  }
  return undefined;
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** What of the host's own programs the cage shows: /usr, and whatever stands beside it on this distribution. */
export function systemView(programs: readonly (string | undefined)[]): SystemView {
  const links: { at: string; to: string }[] = [];
  const folders = ["/usr"];
  for (const at of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    try {
      if (lstatSync(at).isSymbolicLink()) links.push({ at, to: readlinkSync(at) });
      else folders.push(at);
    } catch {
      // this host has no such folder
    }
  }
  for (const program of programs) {
    if (program === undefined) continue;
    const prefix = dirname(dirname(realpathSync(program)));
    // A QEMU of one's own, e.g. under /opt: its libraries and firmware stand beside it.
    if (prefix !== "/" && !folders.some((folder) => `${prefix}/`.startsWith(`${folder}/`))) folders.push(prefix);
  }
  return { links, folders };
}
