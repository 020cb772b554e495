// Finds the optional platform packages that a lock asks for and does not hold, and adds them by name and version.

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
export interface CompletableLock {
  packages: Record<string, Entry>;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** Changes the lock in place and answers the names it added. What cannot be told from name and version is left alone. */
export function completeLock(lock: CompletableLock): string[] {
  const added: string[] = [];
  for (const [parentPath, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (findEntry(lock, parentPath, name)?.version === version || !EXACT_VERSION.test(version)) continue;
      const platform = platformOf(name);
      if (!platform) continue;
      // Beside its parent, unless another version has that place already.
      const beside = `node_modules/${name}`;
      const path = lock.packages[beside] && lock.packages[beside].version !== version ? `${parentPath}/${beside}` : beside;
      lock.packages[path] = { version, ...(parent.dev ? { dev: true } : {}), optional: true, ...platform };
      added.push(`${name}@${version}`);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  return added;
}

/** As Node looks: in the parent's own node_modules, then in each one above. */
function findEntry(lock: CompletableLock, parentPath: string, name: string): Entry | undefined {
  for (let place = parentPath; ; place = place.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, "")) {
    const found = lock.packages[place === "" ? `node_modules/${name}` : `${place}/node_modules/${name}`];
    if (found || place === "" || !place.includes("node_modules/")) return found ?? lock.packages[`node_modules/${name}`];
  }
}

/** “@scope/cli-linux-arm64-musl” → linux, arm64, musl. Undefined when the name tells no processor. */
function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> | undefined {
  const words = (name.split("/").at(-1) ?? "").split("-");
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (!cpu) return undefined;
  const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") ? ["glibc"] : undefined;
  return { ...(os ? { os: [os] } : {}), cpu: [cpu], ...(libc && os === "linux" ? { libc } : {}) };
}
