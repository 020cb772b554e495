// What of images is pure: parsers, inspectors, writers. Doing is in `@mimic/images/node`.
export { bootManifest } from "./boot-manifest.ts";
export { type Decision, decideImage, FLOPPY_MAX_BYTES, INSPECTOR_VERSION } from "./inspect/inspect.ts";
export { metaData, type SeedOptions, userData, writeSeed } from "./seed.ts";
export { reseedProgram } from "./tiny-linux/reseed.ts";
export { runnerProgram } from "./tiny-linux/runner.ts";
