import { execFileSync } from "node:child_process";
import { libc } from "@mimic/base/node";
import { expect, test } from "vitest";
import { memorySharing } from "./memory-sharing.ts";

test("doctor says what it costs where machines cannot share a template’s memory, and what to do", () => {
  expect(memorySharing(true)).toMatchObject({ state: "good", mend: "" });
  const lacking = memorySharing(false);
  expect(lacking.state).toBe("limited");
  expect(lacking.found).toMatch(/copy of its whole memory on the disk.*starts later.*room/);
  expect(lacking.mend).toContain("Node 26");
});

test("a Node whose ffi is switched off is one that cannot; this one can", () => {
  const base = new URL("../../../base/src/node/index.ts", import.meta.url).href;
  const ask = `import(${JSON.stringify(base)}).then(({ libc }) => console.log(libc() === undefined))`;
  const said = (flag: string) =>
    execFileSync(process.execPath, [flag, "-e", ask], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  expect(said("--no-experimental-ffi")).toBe("true");
  expect([said("--experimental-ffi"), libc() === undefined]).toEqual(["false", false]);
});
