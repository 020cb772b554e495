import { isRefusal } from "@mimic/base";
import { bytesOfHex } from "@mimic/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BadFilter, compileFilter, type FrameFilter, MAX_FILTER_LENGTH } from "./index.ts";

/** 10.0.2.15:51234 → 10.0.2.2:445, SYN. */
const SYN = bytesOfHex(
  "525400000002 525400000001 0800 4500002800010000400662be0a00020f0a000202 c82201bd000003e8000000005002faf0 00000000",
) as Uint8Array;

const passes = (text: string, frame = SYN): boolean => {
  const filter = compileFilter(text);
  if (isRefusal(filter)) throw new Error(filter.why);
  return filter(frame);
};

test("a filter is compiled once and asked for each frame", () => {
  for (const yes of ["", "tcp", "src host 10.0.2.15 and dst port 445", "tcp[tcpflags] = tcp-syn", "ether src 52:54:00:00:00:01"])
    expect(passes(yes)).toBe(true);
  for (const no of ["udp", "port 80", "not ip", "vlan", "host 10.0.2.3", "greater 100"]) expect(passes(no)).toBe(false);
});

test("“and” and “or” bind alike, from left to right, as in the field", () => {
  expect(passes("tcp or udp and port 80")).toBe(false);
  expect(passes("tcp or (udp and port 80)")).toBe(true);
});

test("what is cut off before the bytes that are asked for does not pass, also not below a “not”", () => {
  const cut = SYN.subarray(0, 40);
  expect(passes("tcp[tcpflags] & tcp-syn != 0", cut)).toBe(false);
  expect(passes("not tcp[tcpflags] & tcp-syn != 0", cut)).toBe(false);
});

test("“less” and “len” mean the frame on the wire, not the bytes that were kept of it", () => {
  const filter = compileFilter("greater 1000") as FrameFilter;
  expect([filter(SYN), filter(SYN, 1500)]).toEqual([false, true]);
});

const problem = (text: string): BadFilter => {
  const filter = compileFilter(text);
  if (!isRefusal(filter)) throw new Error(`“${text}” was understood`);
  return filter as BadFilter;
};

test.each([
  ["tcp prt 80", "prt", "Did you mean “port”?"],
  ["tcpp", "tcpp", "Did you mean “tcp”?"],
  ["port 80-90", "80-90", "Write “portrange 80-90”."],
  ["host 52:54:00:00:00:01", "52:54:00:00:00:01", "Write “ether host 52:54:00:00:00:01”."],
  ["host 10.0.0.0/8", "10.0.0.0/8", "Write “net 10.0.0.0/8”."],
  ["tcp and 10.0.2.15", "10.0.2.15", "Put a word before it: “host 10.0.2.15”."],
  ["ip6 host 10.0.2.15", "10.0.2.15", "Write “ip6 and host 10.0.2.15”."],
  ["vlan 5000", "5000", "VLANs go from 1 to 4094."],
  ["tcp udp", "udp", "Put “and” or “or” between two conditions."],
  ["tcp)", ")", "Take it out, or put a “(” before."],
  ["tcp[13] & 2", "", "Write for example “!= 0” there."],
  ["host example.org", "example.org", "Write the address, such as 10.0.2.15 or fd00::1."],
  ["tcp # 5", "#", "Take it out."],
  ["net 10.1.2.3/24", "10.1.2.3/24", "Set them to zero, or take “host” in place of “net”."],
  ["(tcp", "", "Put “)” there."],
])("“%s” is refused at “%s” with advice", (text, word, hint) => {
  const { code, from, to, hint: given } = problem(text);
  expect([code, text.slice(from, to), given]).toEqual(["capture.bad_filter", word, hint]);
});

test("whatever is written, it is a filter or a refusal, never an exception, and so is what the filter does to any bytes", () => {
  const word = fc.constantFrom(
    ..."tcp udp ip ip6 host net port portrange src dst and or not ( ) [ ] : & | = != 80 10.0.0.1 10/8 fe80::/10 vlan 5 ether proto less len 13 - ! \\tcp tcp-syn 0x multicast".split(
      " ",
    ),
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 14 }).map((words) => words.join(" ")),
    fc.array(word, { maxLength: 14 }).map((words) => words.join("")),
    fc.string({ maxLength: 60 }),
  );
  let understood = 0;
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 80 }), (some, bytes) => {
      const filter = compileFilter(some);
      if (isRefusal(filter)) {
        const { from, to, why, hint } = filter as BadFilter;
        expect(from >= 0 && from <= to && to <= some.length).toBe(true);
        expect(why !== "" && hint !== "").toBe(true);
      } else {
        understood++;
        expect(filter(bytes)).toBeTypeOf("boolean");
      }
    }),
    { numRuns: 4000 },
  );
  expect(understood).toBeGreaterThan(50);
});

test("brackets and length are bounded", () => {
  expect(problem(`${"(".repeat(500)}tcp${")".repeat(500)}`).why).toBe("Brackets go too deep.");
  expect(problem(`len = ${"(".repeat(500)}1${")".repeat(500)}`).why).toBe("Brackets go too deep.");
  expect(problem(`tcp${" or tcp".repeat(MAX_FILTER_LENGTH)}`).hint).toMatch(/At most 2000/);
  expect(passes(`${"not ".repeat(400)}tcp`)).toBe(true);
});
