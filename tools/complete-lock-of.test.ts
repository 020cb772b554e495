import { describe, expect, test } from "vitest";
import { type CompletableLock, completeLock } from "./complete-lock-of.ts";

const lockWith = (optionalDependencies: Record<string, string>, others: CompletableLock["packages"] = {}): CompletableLock => ({
  packages: { "": {}, "node_modules/tool": { version: "1.0.0", dev: true, optionalDependencies }, ...others },
});

describe("completing a lock", () => {
  test("adds the platform packages that are missing, by the version the parent asks for, without a digest", () => {
    const lock = lockWith({ "@t/cli-linux-arm64-musl": "1.0.0" });
    expect(completeLock(lock)).toEqual(["@t/cli-linux-arm64-musl@1.0.0"]);
    expect(lock.packages["node_modules/@t/cli-linux-arm64-musl"]).toEqual({
      version: "1.0.0",
      dev: true,
      optional: true,
      os: ["linux"],
      cpu: ["arm64"],
      libc: ["musl"],
    });
  });

  test("changes nothing the second time", () => {
    const lock = lockWith({ "@t/cli-win32-x64": "1.0.0" });
    completeLock(lock);
    expect(completeLock(lock)).toEqual([]);
  });

  test("puts a second version of the same package below its parent", () => {
    const lock = lockWith({ "@t/b-darwin-x64": "2.0.0" }, { "node_modules/@t/b-darwin-x64": { version: "1.0.0", optional: true } });
    expect(completeLock(lock)).toHaveLength(1);
    expect(lock.packages["node_modules/tool/node_modules/@t/b-darwin-x64"]?.version).toBe("2.0.0");
    expect(completeLock(lock)).toEqual([]);
  });

  test("leaves alone what is no platform package or has no exact version", () => {
    expect(completeLock(lockWith({ fsevents: "~2.3.3", "some-thing": "1.0.0", "@t/cli-linux-x64": "^1.0.0" }))).toEqual([]);
  });
});
