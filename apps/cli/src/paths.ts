// Where this installation's folders are. On the path of `mimic ls`, so it imports next to nothing.
// The daemon computes the same folders (a test holds the two together).
// (An `import` of a built-in module costs more at start than asking the process for it: here that counts.)
const { lstatSync } = process.getBuiltinModule("node:fs");

type Env = Readonly<Record<string, string | undefined>>;

export interface Paths {
  readonly data: string;
  readonly run: string;
  readonly cache: string;
  readonly socket: string;
}

/** Unix socket paths end at 107 bytes: a long home keeps its sockets in a short folder of their own. */
const LONGEST_RUN = 60;

export function findPaths(env: Env, uid: number): Paths {
  const home = env["MIMIC_HOME"];
  if (home) {
    const root = process.getBuiltinModule("node:path").resolve(home);
    const run = `${root}/run`;
    return withSocket(`${root}/data`, run.length > LONGEST_RUN ? `/tmp/mimic-${uid}-${shortHash(root)}` : run, `${root}/cache`);
  }
  const person = env["HOME"] || process.getBuiltinModule("node:os").homedir();
  // The XDG rules: a relative path counts as not set.
  const xdg = (name: string): string | undefined => (env[name]?.startsWith("/") ? `${env[name]}/mimic` : undefined);
  return withSocket(
    xdg("XDG_DATA_HOME") ?? `${person}/.local/share/mimic`,
    xdg("XDG_RUNTIME_DIR") ?? `/tmp/mimic-${uid}`,
    xdg("XDG_CACHE_HOME") ?? `${person}/.cache/mimic`,
  );
}

const withSocket = (data: string, run: string, cache: string): Paths => ({ data, run, cache, socket: `${run}/daemon.sock` });

const shortHash = (text: string): string =>
  process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex").slice(0, 12);

export type RunFolder = "private" | "absent" | { readonly unsafe: string };

/**
 * The folder of the sockets may lie in /tmp, where anyone could have made it first and put a socket of
 * their own into it: nothing is sent through a folder that is not this person's alone.
 */
export function checkRunFolder(run: string, uid: number): RunFolder {
  const found = lstatSync(run, { throwIfNoEntry: false });
  if (!found) return "absent";
  if (!found.isDirectory()) return { unsafe: "it is not a folder" };
  if (found.uid !== uid) return { unsafe: "it belongs to someone else" };
  if ((found.mode & 0o077) !== 0) return { unsafe: "others may enter it" };
  return "private";
}
