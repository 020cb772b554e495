import { execFileSync } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { lastCallOf, lendHelper, takeBackHelper } from "../src/disposables/lent-helper.ts";
import type { GuestAgent } from "../src/ports/index.ts";

/** This computer as the guest: its own shell and folders. */
const agent = {
  quick: async ({ program, args }: { program: string; args: readonly string[] }) => {
    try {
      return { code: 0, out: execFileSync(program, args, { encoding: "utf8" }) };
    } catch (error) {
      return { code: (error as { status: number }).status, out: "" };
    }
  },
  writeFile: async (path: string, bytes: AsyncIterable<Uint8Array>) => {
    for await (const piece of bytes) writeFileSync(path, piece);
  },
} as unknown as GuestAgent;
const options = { signal: new AbortController().signal, random: { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) } };
const program = new TextEncoder().encode("#!/bin/sh\nexit $(($1 + $2))\n");

describe.skipIf(process.platform !== "linux")("a helper that is lent to a guest", () => {
  test("lies where programs run, in a folder that is its owner's alone, and is gone after its last call", async () => {
    const path = (await lendHelper(agent, program, options)) ?? "";
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    const { program: first, args } = lastCallOf(path, ["3", "4"]);
    expect((await agent.quick({ program: first, args: [...args] }, options)).code).toBe(7);
    expect(existsSync(dirname(path))).toBe(false);
  });

  test("is taken back with its folder", async () => {
    const path = (await lendHelper(agent, program, options)) ?? "";
    await takeBackHelper(agent, path, options);
    expect(existsSync(dirname(path))).toBe(false);
  });

  test("is not lent where nothing runs, or where the guest says a place that was not asked for", async () => {
    const says = (code: number, out: string) => ({ quick: async () => ({ code, out }) }) as unknown as GuestAgent;
    expect(await lendHelper(says(1, ""), program, options)).toBeUndefined();
    expect(await lendHelper(says(0, "/etc/../dev/shm/.mimic-0"), program, options)).toBeUndefined();
  });
});
