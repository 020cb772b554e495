// Chooses kernel modules with everything that they need and writes what busybox's modprobe reads.
import { moduleInfo } from "./elf.ts";

export interface KernelModule {
  /** “virtio_pci”: with underscores, as the kernel names it. */
  readonly name: string;
  /** As it lies in the package: “lib/modules/6.1…/kernel/….ko”. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly depends: readonly string[];
  readonly aliases: readonly string[];
}

export const moduleName = (path: string): string => (/([^/]+)\.ko$/.exec(path)?.[1] ?? "").replaceAll("-", "_");

export const readModule = (path: string, body: Uint8Array): KernelModule => {
  const info = moduleInfo(body);
  return { name: moduleName(path), path, body, depends: info.depends.map((name) => name.replaceAll("-", "_")), aliases: info.aliases };
};

/** The wanted modules and, before each, those that it depends on. Names that are not there (built into the kernel) are left out. */
export function withDependencies(all: ReadonlyMap<string, KernelModule>, wanted: readonly string[]): KernelModule[] {
  const order: KernelModule[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const module = all.get(name);
    if (!module) return;
    for (const dependency of module.depends) visit(dependency);
    order.push(module);
  };
  for (const name of wanted) visit(name);
  return order;
}

/** modules.dep: each module and all that must be loaded before it, nearest first (depmod(8)). */
export function modulesDep(modules: readonly KernelModule[], pathOf: (module: KernelModule) => string): string {
  const byName = new Map(modules.map((module) => [module.name, module]));
  return modules
    .map((module) => {
      const before = withDependencies(byName, module.depends).reverse();
      return `${pathOf(module)}:${before.map((one) => ` ${pathOf(one)}`).join("")}\n`;
    })
    .join("");
}

export const modulesAlias = (modules: readonly KernelModule[]): string =>
  modules.flatMap((module) => module.aliases.map((alias) => `alias ${alias} ${module.name}\n`)).join("");
