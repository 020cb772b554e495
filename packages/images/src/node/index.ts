// Images, where there are files and a network.

export { assembleBootFiles } from "./assemble-file.ts";
export { assembleApart, serveAssembly } from "./assembly-apart.ts";
export { createImageSources, type ImageSourcesOptions, readSystems } from "./create-image-sources.ts";
export { DebianArchive, findMirrors, hostMirrors } from "./debian-archive.ts";
export type { InstallingMachines } from "./install/install-debian.ts";
export { serveComparison } from "./serve-comparison.ts";
