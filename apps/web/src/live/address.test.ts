import { expect, test } from "vitest";
import { isLeaveKey } from "../pages/machine/keys.ts";
import { codeIn } from "../session.ts";
import { retryAfterMs } from "./events.ts";
import { liveAddress } from "./socket.ts";

test("a live address is always at the page's own origin, whatever a machine is called", () => {
  expect(liveAddress("display", "hello", { viewOnly: "1" }, "http://127.0.0.1:7717")).toBe(
    "ws://127.0.0.1:7717/api/v1/machines/hello/display?viewOnly=1",
  );
  expect(liveAddress("serial", "../../x?y#z", {}, "https://127.0.0.1:7717")).toBe(
    "wss://127.0.0.1:7717/api/v1/machines/..%2F..%2Fx%3Fy%23z/serial",
  );
});

test("only a code of the right shape is taken from the fragment", () => {
  expect(codeIn("#c=abc_DEF-123")).toBe("abc_DEF-123");
  for (const fragment of ["", "#", "#c=", "#x=1", "#c=a&b=c", "#c=<script>", `#c=${"a".repeat(101)}`])
    expect(codeIn(fragment)).toBeUndefined();
});

test("trying again begins soon and never waits longer than ten seconds", () => {
  expect([0, 1, 2, 3, 50].map(retryAfterMs)).toEqual([500, 1000, 2000, 4000, 10_000]);
});

test("only Ctrl ] leaves the screen", () => {
  const key = { ctrlKey: true, altKey: false, metaKey: false, code: "BracketRight" };
  expect(isLeaveKey(key)).toBe(true);
  expect(isLeaveKey({ ...key, altKey: true })).toBe(false);
  expect(isLeaveKey({ ...key, code: "KeyC" })).toBe(false);
});
