// Schemas that are used in the page must not try whether code can be made from text: the page's policy forbids it, and
// every try is reported. A script of its own, since parts of the page are read in whatever order the bundler chose.
globalThis.__zod_globalConfig = { jitless: true };
