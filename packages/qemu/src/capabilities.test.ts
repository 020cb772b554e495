// Which QEMU is new enough.
import { expect, test } from "vitest";
import { isNewEnough } from "./capabilities.ts";

test.each(["7.2", "7.2.0", "7.2.22", "7.10.0", "8.0.0", "8.0.0-rc1", "9.1.50", "10.0.2", "11.0"])("QEMU %s is new enough", (version) =>
  expect(isNewEnough(version)).toBe(true),
);
test.each(["7.1.0", "7.1.99", "7.0", "6.2.0", "6.10.5", "5.2.0", "2.12.1", "0.15", "", "unknown"])("QEMU “%s” is too old", (version) =>
  expect(isNewEnough(version)).toBe(false),
);
