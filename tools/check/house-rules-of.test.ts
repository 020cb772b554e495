import { describe, expect, test } from "vitest";
import { houseRulesOf } from "./house-rules-of.ts";

const opening = "// What it is for.\n";

describe("the house rules", () => {
  test.each(["Date.now()", "new Date()", "setTimeout(f, 1)", "Math.random()", "performance.now()"])(
    "find %s in the pure part of a package",
    (call) => {
      expect(houseRulesOf("packages/model/src/x.ts", `${opening}const a = ${call};\n`)).toHaveLength(1);
    },
  );

  test("let adapters, apps and tests have clock and chance", () => {
    for (const path of ["packages/qemu/src/node/x.ts", "apps/daemon/src/x.ts", "packages/model/src/x.test.ts"]) {
      expect(houseRulesOf(path, `${opening}const a = Date.now();\n`)).toEqual([]);
    }
  });

  test("do not take a sentence or a string for a call", () => {
    expect(houseRulesOf("packages/model/src/x.ts", `${opening}/* no Date.now() */ const a = "Math.random()"; // setTimeout(\n`)).toEqual(
      [],
    );
  });

  test("name the line", () => {
    expect(houseRulesOf("packages/model/src/x.ts", `${opening}\nDate.now();\n`)[0]).toMatch(/^packages\/model\/src\/x\.ts:3: /);
  });

  test("ask each file to open with what it is for, but not a list of re-exports", () => {
    expect(houseRulesOf("packages/model/src/x.ts", "export const a = 1;\n")).toHaveLength(1);
    expect(houseRulesOf("packages/model/src/index.ts", 'export * from "./a.ts";\nexport type { B } from "./b.ts";\n')).toEqual([]);
  });

  test("stop files of more than 600 lines", () => {
    expect(houseRulesOf("apps/cli/src/x.ts", opening + "a();\n".repeat(700))).toHaveLength(1);
  });

  test("keep the ports free of anything that runs", () => {
    expect(houseRulesOf("packages/workbench/src/ports/index.ts", 'export * from "./store.ts";\n')).toHaveLength(1);
    expect(houseRulesOf("packages/workbench/src/ports/index.ts", 'export type * from "./store.ts";\n')).toEqual([]);
  });
});
