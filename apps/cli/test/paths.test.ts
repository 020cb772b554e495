import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directoriesFor } from "@mimic/store";
import { describe, expect, test } from "vitest";
import { checkRunFolder, findPaths } from "../src/paths.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

describe("the folders", () => {
  test.each([
    [{ HOME: "/home/a" }],
    [{ HOME: "/home/a", XDG_RUNTIME_DIR: "/run/user/7", XDG_DATA_HOME: "/d", XDG_CACHE_HOME: "/c" }],
    [{ HOME: "/home/a", XDG_RUNTIME_DIR: "relative", XDG_DATA_HOME: "relative" }],
    [{ HOME: "/home/a", MIMIC_HOME: "/srv/mimic/" }],
    [{ HOME: "/home/a", MIMIC_HOME: `/srv/${"long/".repeat(20)}` }],
    [{ HOME: "/home/a", MIMIC_HOME: `/srv/${"x".repeat(51)}` }],
    [{ HOME: "/home/a", MIMIC_HOME: `/srv/${"x".repeat(52)}` }],
  ])("are those of the daemon for %j", (env: Record<string, string>) => {
    const { data, run, cache, socket } = findPaths(env, 7);
    expect({ data, run, cache }).toEqual(directoriesFor({ env, home: "/home/a", uid: 7, sha256Hex }));
    expect(socket).toBe(`${run}/daemon.sock`);
    expect(Buffer.byteLength(socket)).toBeLessThan(108);
  });
});

test("the run folder must be a folder, this person's own, and closed to others", () => {
  const home = mkdtempSync(join(tmpdir(), "mimic-run-"));
  const uid = process.getuid?.() ?? -1;
  try {
    expect(checkRunFolder(`${home}/none`, uid)).toBe("absent");
    mkdirSync(`${home}/run`, { mode: 0o700 });
    expect(checkRunFolder(`${home}/run`, uid)).toBe("private");
    expect(checkRunFolder(`${home}/run`, uid + 1)).toEqual({ unsafe: "it belongs to someone else" });
    symlinkSync(`${home}/run`, `${home}/link`);
    expect(checkRunFolder(`${home}/link`, uid)).toEqual({ unsafe: "it is not a folder" });
    chmodSync(`${home}/run`, 0o750);
    expect(checkRunFolder(`${home}/run`, uid)).toEqual({ unsafe: "others may enter it" });
    writeFileSync(`${home}/file`, "");
    expect(checkRunFolder(`${home}/file`, uid)).toEqual({ unsafe: "it is not a folder" });
  } finally {
    rmSync(home, { recursive: true });
  }
});
