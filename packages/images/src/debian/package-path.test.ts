import { expect, test } from "vitest";
import { matchesPath } from "./package-path.ts";

test("a path names one file; a star in it stands for the version of a kernel, and for nothing in another folder", () => {
  expect(matchesPath("boot/vmlinuz", "boot/vmlinuz")).toBe(true);
  expect(matchesPath("boot/vmlinuz", "boot/vmlinuz-6")).toBe(false);
  const versioned = "malta/vmlinuz-*-4kc-malta";
  expect(matchesPath(versioned, "malta/vmlinuz-6.1.0-50-4kc-malta")).toBe(true);
  expect(matchesPath(versioned, "malta/vmlinuz-6.1.0-50-5kc-malta")).toBe(false);
  expect(matchesPath(versioned, "malta/vmlinuz-6/x-4kc-malta")).toBe(false);
  expect(matchesPath("ab*bc", "abc")).toBe(false);
});
