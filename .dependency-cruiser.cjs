// Who may import whom, as data. The table is the architecture: change it only together with docs/architecture.md.
// tools/check/import-rules.test.ts proves with deliberately bad imports that each kind of rule bites.

/**
 * For each package the packages it may use. "ports" is @mimic/workbench/ports, which exports types only: the workbench
 * owns the shape of what it needs, and adapters implement it without running anything of it.
 */
const MAY_IMPORT = {
  "packages/base": [],
  "packages/model": ["base"],
  "packages/api": ["base", "model"],
  "packages/workbench": ["base", "model", "ports"],
  "packages/qmp": ["base"],
  "packages/qemu": ["base", "model", "ports", "qmp"],
  "packages/images": ["base", "model", "ports"],
  "packages/store": ["base", "model", "ports"],
  "packages/wire": ["base"],
  "packages/tcpip": ["base", "wire"],
  "packages/network": ["base", "model", "ports", "wire", "tcpip"],
  "packages/memory": ["base", "model", "ports", "wire", "tcpip", "network"],
  "packages/testkit": ["base", "model", "ports", "workbench", "memory", "wire", "tcpip", "network"],
  "apps/cli": ["base", "model", "api"],
  "apps/web": ["base", "model", "api"],
  "apps/switch": ["base", "model", "wire", "tcpip", "network"],
  "apps/daemon": ["base", "model", "api", "ports", "workbench", "qmp", "qemu", "images", "store", "memory", "wire", "network"],
};

/** Where the computer itself may be touched. Everything else runs in a browser page too. */
const MAY_USE_NODE = [
  "^packages/[^/]+/src/node/",
  "^apps/(daemon|cli|switch)/",
  "^(tools|bench|e2e)/",
  "^apps/web/(dev|test)/",
  "^apps/web/vite\\.config\\.ts$",
];

const TESTS = "(\\.test\\.tsx?$|\\.e2e\\.ts$|^packages/[^/]+/test/)";
const PORTS = "^packages/workbench/src/ports/";

const pathOf = (name) => (name === "ports" ? PORTS : `^packages/${name}/`);

const importTable = Object.entries(MAY_IMPORT).map(([from, allowed]) => ({
  name: `${from.replace("/", "-")}-imports-only-what-the-table-allows`,
  comment: `${from} may import ${allowed.join(", ") || "nothing"}; see MAY_IMPORT.`,
  severity: "error",
  from: { path: `^${from}/`, pathNot: TESTS },
  to: { path: "^(packages|apps|tools|bench|e2e)/", pathNot: [`^${from}/`, ...allowed.map(pathOf)] },
}));

module.exports = {
  forbidden: [
    ...importTable,
    {
      name: "computer-only-under-src-node",
      comment: "node:* belongs under src/node/ of a package, in apps, tools, bench, e2e and tests: all else runs in a browser page.",
      severity: "error",
      from: { pathNot: [...MAY_USE_NODE, TESTS] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "thinking-does-not-call-doing",
      comment: "The pure part of a package may not import its src/node: then it would need the computer after all.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/(?!node/)", pathNot: TESTS },
      to: { path: "^packages/[^/]+/src/node/" },
    },
    {
      name: "no-way-round-exports",
      comment: "Another package is imported by its name, so that its `exports` say what is public.",
      severity: "error",
      from: { path: "^(?:packages|apps)/([^/]+)/" },
      to: { path: "^(?:packages|apps)/([^/]+)/", pathNot: "^(?:packages|apps)/$1/", dependencyTypes: ["local"] },
    },
    {
      name: "no-cycle",
      comment: "Circles of types count as well; only what is loaded when it is asked for (import()) may lead back.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["dynamic-import"] } },
    },
    { name: "nothing-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "tests-are-not-imported",
      comment: "What tests share lives in testkit.",
      severity: "error",
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: "testkit-only-in-tests",
      severity: "error",
      from: { path: "^(packages|apps)/", pathNot: [TESTS, "^packages/testkit/", "\\.real\\.test\\.ts$"] },
      to: { path: "^packages/testkit/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(node_modules|dist|\\.mimic)/" },
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    moduleSystems: ["es6", "cjs"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".d.ts", ".js", ".mjs", ".json"],
      mainFields: ["module", "main", "types"],
    },
  },
};
