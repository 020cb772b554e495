import { expect, test } from "vitest";
import { inWordsIfFull, MimicError } from "./error.ts";

test("a full disk is said in words wherever it comes from, and nothing else is taken for one", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, mkdir '/x'"), { code: "ENOSPC" });
  for (const thrown of [full, new Error("could not start", { cause: full }), Object.assign(new Error("quota"), { code: "EDQUOT" })])
    expect(inWordsIfFull(thrown)).toMatchObject({ code: "disk.full", cause: thrown });
  expect(inWordsIfFull(full)).toMatchObject({ detail: expect.stringContaining("mkdir") });
  const known = new MimicError("store.no_space", "No room.", { hint: "Make room.", cause: full });
  const other = Object.assign(new Error("EACCES"), { code: "EACCES" });
  const circle = new Error("circle");
  circle.cause = circle;
  for (const thrown of [known, other, circle, "ENOSPC", undefined]) expect(inWordsIfFull(thrown)).toBe(thrown);
});
