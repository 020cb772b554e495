import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import type { Clock } from "@mimic/base";
import { expect, test } from "vitest";
import { QemuLog } from "./qemu-log.ts";

test("a log that grows too large keeps its end, and whoever appends goes on behind it", async () => {
  const folder = mkdtempSync("/tmp/mimic-log-");
  const path = `${folder}/qemu.log`;
  const writer = openSync(path, "a");
  const stop = new AbortController();
  let looks = 0;
  const clock: Pick<Clock, "sleep"> = {
    sleep: async () => {
      // First look: a little; second: far too much.
      if (++looks === 1) writeSync(writer, "the beginning\n");
      if (looks === 2)
        for (let n = 0; n < 50_000; n++) appendFileSync(writer, `ram_block_discard_range: Failed to fallocate ${n} ${"x".repeat(40)}\n`);
      if (looks === 3) stop.abort();
    },
  };
  using log = new QemuLog(folder, 0);
  await log.bound({ clock: clock as Clock, signal: stop.signal });
  expect(log.lastWords()).toMatch(/fallocate 49999 x+$/);
  writeSync(writer, "the last word\n");
  closeSync(writer);
  const text = readFileSync(path, "utf8");
  expect(text.length).toBeLessThan(70_000);
  expect(text).toMatch(/^\(What came before was cut[^\n]*\nram_block_discard_range: Failed to fallocate \d+ x+\n/);
  expect(text.endsWith(`fallocate 49999 ${"x".repeat(40)}\nthe last word\n`)).toBe(true);
  rmSync(folder, { recursive: true });
});
