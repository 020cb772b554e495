// Small pure parts: news, keys, the text screen, histories, firmware choice.

import type { MachineNews } from "@mimic/workbench/ports";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseFirmware, type FirmwareDescriptor } from "./firmware.ts";
import { History } from "./history.ts";
import { chordsOf, qcodeOf } from "./keys.ts";
import { exitInWords, quiet, stepNews } from "./news.ts";
import { looksLikeTextMode, visibleText } from "./text-screen.ts";

const hear = (...events: readonly (readonly [string, object?])[]): MachineNews[] => {
  let state = quiet;
  const heard: MachineNews[] = [];
  for (const [event, data] of events) {
    const { next, news } = stepNews(state, { kind: "event", event, data: (data ?? {}) as Record<string, unknown> });
    state = next;
    if (news) heard.push(news);
  }
  return heard;
};

describe("QEMU's events as news", () => {
  test("a pause has its reason: asked, disk full, disk error, crash of the guest", () => {
    expect(hear(["STOP"])).toEqual([{ kind: "paused", why: "asked" }]);
    expect(hear(["BLOCK_IO_ERROR", { action: "stop", nospace: true }], ["STOP"])).toEqual([{ kind: "paused", why: "diskFull" }]);
    expect(hear(["BLOCK_IO_ERROR", { action: "stop", nospace: false }], ["STOP"])).toEqual([{ kind: "paused", why: "diskError" }]);
    expect(hear(["GUEST_PANICKED", { action: "pause" }], ["STOP"])).toEqual([{ kind: "paused", why: "guestPanicked" }]);
  });
  test("a reason is used up by one pause", () => {
    expect(
      hear(["BLOCK_IO_ERROR", { action: "stop", nospace: true }], ["STOP"], ["RESUME"], ["STOP"]).map((n) =>
        n.kind === "paused" ? n.why : n.kind,
      ),
    ).toEqual(["diskFull", "resumed", "asked"]);
  });
  test("errors that the guest was told of pause nothing", () => {
    expect(hear(["BLOCK_IO_ERROR", { action: "report", nospace: true }], ["STOP"])).toEqual([{ kind: "paused", why: "asked" }]);
  });
  test("a guest that shuts down is said once, and the stop that belongs to it is no pause", () => {
    expect(hear(["SHUTDOWN", { guest: true }], ["STOP"])).toEqual([{ kind: "shutDown" }]);
    expect(hear(["SHUTDOWN", { guest: false, reason: "host-signal" }], ["STOP"])).toEqual([]);
  });
  test("whatever QEMU sends, a step gives an answer", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.anything()),
        (event, data) => void stepNews(quiet, { kind: "event", event, data }),
      ),
    );
  });
  test("ways to end have words", () => {
    expect(exitInWords(0, null)).toBe("QEMU ended");
    expect(exitInWords(1, null)).toContain("status 1");
    expect(exitInWords(137, null)).toContain("killed from outside");
    expect(exitInWords(null, "SIGSEGV")).toContain("SIGSEGV");
    expect(exitInWords(159, null)).toContain("forbidden");
    expect(exitInWords(undefined, undefined)).toContain("not looking");
  });
});

describe("keys", () => {
  test("names of people become QEMU's", () => {
    expect(["Ctrl", "ALT", "del", "Enter", "escape", "F5", "a"].map(qcodeOf)).toEqual(["ctrl", "alt", "delete", "ret", "esc", "f5", "a"]);
    expect(() => qcodeOf("hyper")).toThrow(expect.objectContaining({ code: "input.unknown_key" }));
  });
  test("every printable ASCII character can be typed, and nothing else is guessed", () => {
    for (let code = 32; code < 127; code++) expect(chordsOf(String.fromCharCode(code))).toHaveLength(1);
    for (const chord of chordsOf("aA1!\n~")) for (const key of chord) expect(qcodeOf(key)).toBe(key);
    expect(() => chordsOf("ok ü")).toThrow(expect.objectContaining({ code: "input.unknown_key" }));
  });
});

describe("the text screen", () => {
  const memory = (lines: Readonly<Record<number, string>>): Uint8Array => {
    const cells = new Uint8Array(32_768);
    for (const [row, text] of Object.entries(lines))
      for (const [i, c] of [...text].entries()) cells[(Number(row) * 80 + i) * 2] = c.charCodeAt(0);
    return cells;
  };
  test("has 25 lines from the top while little was written", () => {
    expect(visibleText(memory({ 0: "SeaBIOS", 3: "ok" })).split("\n")).toHaveLength(25);
    expect(visibleText(memory({ 0: "SeaBIOS", 3: "ok" })).split("\n")[3]).toBe("ok");
  });
  test("follows a system that scrolls by moving its window", () => {
    const text = visibleText(memory({ 0: "old", 60: "new" }));
    expect(text).toContain("new");
    expect(text).not.toContain("old");
  });
  test("never holds control characters, whatever is in the memory", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), (cells) => {
        expect(visibleText(cells)).not.toMatch(/[^\P{Cc}\n]/u);
      }),
    );
  });
  test("is known by the size of its picture", () => {
    expect(looksLikeTextMode({ width: 720, height: 400 })).toBe(true);
    expect(looksLikeTextMode({ width: 1280, height: 800 })).toBe(false);
  });
});

test("a history keeps the last bytes and no more, however they come", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      const history = new History(64);
      for (const piece of pieces) history.push(piece);
      const all = pieces.flatMap((p) => [...p]);
      expect([...history.bytes()]).toEqual(all.slice(-64));
    }),
  );
});

test("firmware is chosen by what the machine needs", () => {
  const descriptor = (name: string, machines: string[], features: string[]): FirmwareDescriptor => ({
    "interface-types": ["uefi"],
    mapping: {
      device: "flash",
      executable: { filename: `/${name}`, format: "raw" },
      "nvram-template": { filename: `/${name}.vars`, format: "raw" },
    },
    targets: [{ architecture: "x86_64", machines }],
    features,
  });
  const all = [
    descriptor("enrolled", ["pc-q35-*"], ["secure-boot", "enrolled-keys", "requires-smm"]),
    descriptor("secure", ["pc-q35-*"], ["secure-boot", "requires-smm"]),
    descriptor("plain", ["pc-i440fx-*", "pc-q35-*"], []),
  ];
  const choose = (board: "q35" | "i440fx", secureBoot: boolean) => chooseFirmware(all, { architecture: "x86_64", board, secureBoot })?.code;
  expect([choose("q35", false), choose("q35", true), choose("i440fx", false), choose("i440fx", true)]).toEqual([
    "/plain",
    "/enrolled",
    "/plain",
    undefined,
  ]);
});
