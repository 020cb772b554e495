// RFB in both directions: what is right goes on byte for byte however it is cut, what is wrong ends the
// connection, and nothing that a server sends can throw or grow the memory.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientStream, encodeSetEncodings, sizesOf, VERSION } from "./client-stream.ts";
import { ENCODING, isAllowedEncoding } from "./constants.ts";
import { ServerStream } from "./server-stream.ts";

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
const bytes = (count: number, value = 0): number[] => new Array<number>(count).fill(value);
const rect = (x: number, y: number, w: number, h: number, encoding: number, body: number[] = []): number[] => [
  ...u16(x),
  ...u16(y),
  ...u16(w),
  ...u16(h),
  ...u32(encoding >>> 0),
  ...body,
];
const update = (...rects: number[][]): number[] => [0, 0, ...u16(rects.length), ...rects.flat()];
const TRUE_COLOUR_32 = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0];

function serve(pieces: readonly Uint8Array[], withAudio = false): { out: number[]; flaw: string | undefined; heard: string[] } {
  const out: number[] = [];
  const heard: string[] = [];
  const audio = {
    ready: () => void heard.push("ready"),
    begin: () => void heard.push("begin"),
    end: () => void heard.push("end"),
    data: (b: Uint8Array) => void heard.push(`data ${b.join(" ")}`),
  };
  const stream = new ServerStream({
    forward: (b) => void out.push(...b),
    sizes: () => sizesOf(Uint8Array.from(TRUE_COLOUR_32)),
    ...(withAudio ? { audio } : {}),
  });
  let flaw: string | undefined;
  for (const piece of pieces) flaw = stream.push(piece);
  return { out, flaw, heard };
}

/** One of each kind of message and rectangle, with its forms. */
const GOOD: Readonly<Record<string, number[]>> = {
  bell: [2],
  colours: [1, 0, ...u16(0), ...u16(2), ...bytes(12)],
  raw: update(rect(0, 0, 3, 2, ENCODING.raw, bytes(24))),
  "two rectangles": update(rect(0, 0, 1, 1, ENCODING.raw, bytes(4)), rect(5, 5, 2, 2, ENCODING.copyRect, u32(0))),
  zlib: update(rect(0, 0, 9, 9, ENCODING.zlib, [...u32(5), ...bytes(5, 255)])),
  zrle: update(rect(0, 0, 9, 9, ENCODING.zrle, [...u32(7), ...bytes(7, 3)])),
  "hextile raw": update(rect(0, 0, 17, 1, ENCODING.hextile, [1, ...bytes(64), 1, ...bytes(4)])),
  "hextile colours": update(rect(0, 0, 16, 16, ENCODING.hextile, [2 | 4 | 8, ...bytes(8), 2, ...bytes(4)])),
  "hextile coloured parts": update(rect(0, 0, 16, 16, ENCODING.hextile, [8 | 16, 3, ...bytes(18)])),
  "hextile nothing": update(rect(0, 0, 32, 16, ENCODING.hextile, [0, 2, ...bytes(4)])),
  "tight fill": update(rect(0, 0, 64, 64, ENCODING.tight, [0x80, 1, 2, 3])),
  "tight jpeg": update(rect(0, 0, 64, 64, ENCODING.tight, [0x90, 0x83, 0x01, ...bytes(131, 9)])),
  "tight long jpeg": update(rect(0, 0, 64, 64, ENCODING.tight, [0x90, 0x80, 0x80, 0x01, ...bytes(16_384, 9)])),
  "tight small": update(rect(0, 0, 3, 1, ENCODING.tight, [0x00, ...bytes(9)])),
  "tight zlib": update(rect(0, 0, 4, 1, ENCODING.tight, [0x1f, 6, ...bytes(6)])),
  "tight two colours": update(rect(0, 0, 9, 2, ENCODING.tight, [0x40, 1, 1, ...bytes(6), ...bytes(4)])),
  "tight palette": update(rect(0, 0, 4, 4, ENCODING.tight, [0x50, 1, 2, ...bytes(9), 5, ...bytes(5)])),
  "tight gradient": update(rect(0, 0, 4, 4, ENCODING.tight, [0x40, 2, 5, ...bytes(5)])),
  "tight png": update(rect(0, 0, 64, 64, ENCODING.tightPng, [0xa0, 3, 1, 2, 3])),
  cursor: update(rect(1, 1, 9, 2, ENCODING.cursor, bytes(72 + 4))),
  resize: update(rect(0, 0, 1024, 768, ENCODING.desktopSize)),
  screens: update(rect(0, 0, 1024, 768, ENCODING.extendedDesktopSize, [1, 0, 0, 0, ...bytes(16)])),
  keys: update(rect(0, 0, 0, 0, ENCODING.extendedKey)),
  lights: update(rect(0, 0, 0, 0, ENCODING.ledState, [7])),
  "last rectangle": [0, 0, 255, 255, ...rect(0, 0, 1, 1, ENCODING.raw, bytes(4)), ...rect(0, 0, 0, 0, ENCODING.lastRect)],
};

describe("the server's stream", () => {
  test.each(Object.entries(GOOD))("%s goes on unchanged, and the bell after it shows where it ended", (_name, message) => {
    const all = [...message, 2];
    const { out, flaw } = serve([Uint8Array.from(all)]);
    expect(flaw).toBeUndefined();
    expect(out).toEqual(all);
  });
  test.each(Object.entries(GOOD))("%s is not yet whole when its last byte is missing (control)", (_name, message) => {
    if (message.length === 1) return;
    const stray = serve([Uint8Array.from([...message.slice(0, -1), 99, 99])]);
    // With one byte less, the next message begins one byte late: 99 is then read as a message, and there is none such.
    expect(stray.flaw).toBeDefined();
  });

  test("it is the same however the bytes are cut", () => {
    const names = Object.keys(GOOD);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (chosen, cuts) => {
          const all = Uint8Array.from(chosen.flatMap((name) => GOOD[name] ?? []));
          const pieces: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < all.length; turn++) {
            const size = cuts[turn % cuts.length] as number;
            pieces.push(all.slice(at, at + size));
            at += size;
          }
          const { out, flaw } = serve(pieces);
          expect(flaw).toBeUndefined();
          expect(Buffer.from(out).equals(all)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("the clipboard of the guest is left out, in both of its forms", () => {
    const plain = [3, 0, 0, 0, ...u32(5), ...Buffer.from("hello")];
    const extended = [3, 0, 0, 0, ...u32(0xffff_fffb), ...bytes(5)];
    expect(serve([Uint8Array.from([2, ...plain, 2, ...extended, 2])]).out).toEqual([2, 2, 2]);
    expect(serve([...plain, 2].map((byte) => Uint8Array.of(byte))).out).toEqual([2]);
  });

  test.each<[string, number[]]>([
    ["an unknown message", [7]],
    ["an unknown encoding", update(rect(0, 0, 1, 1, 50))],
    ["RRE, which was not asked for", update(rect(0, 0, 1, 1, 2))],
    ["a screen of 8193", update(rect(0, 0, 8193, 1, ENCODING.desktopSize))],
    ["screens that are too large", update(rect(0, 0, 20_000, 1, ENCODING.extendedDesktopSize))],
    ["a rectangle beyond 8192", update(rect(8000, 0, 400, 1, ENCODING.raw))],
    ["a raw rectangle above 64 MiB", update(rect(0, 0, 8192, 8192, ENCODING.raw))],
    ["4 GiB of zlib", update(rect(0, 0, 1, 1, ENCODING.zlib, u32(0xffff_ffff)))],
    ["a huge cursor", update(rect(0, 0, 2000, 2000, ENCODING.cursor))],
    ["a hextile of no kind", update(rect(0, 0, 1, 1, ENCODING.hextile, [0x80]))],
    ["a tight rectangle of no kind", update(rect(0, 0, 1, 1, ENCODING.tight, [0xb0]))],
    ["a tight filter of no kind", update(rect(0, 0, 1, 1, ENCODING.tight, [0x40, 3]))],
    ["a clipboard of 1 GiB", [3, 0, 0, 0, ...u32(2 ** 30)]],
    ["sound that nobody asked for", update(rect(0, 0, 0, 0, ENCODING.audio))],
    ["QEMU messages of no kind", [255, 9, 0, 0]],
  ])("%s ends it, and nothing more goes on", (_name, message) => {
    const { out, flaw } = serve([Uint8Array.from([2, ...message]), Uint8Array.of(2, 2, 2)]);
    expect(flaw).toBeDefined();
    expect(out.length).toBeLessThan(20);
    expect(out.slice(-3)).not.toEqual([2, 2, 2]);
  });

  test("for any bytes: it never throws, and passes on at most what it was given", () => {
    const start = fc.constantFrom([0, 0, 0, 1], [0, 0, 255, 255], [255, 1, 0, 2], [3, 0, 0, 0], [1, 0], []);
    const encodings = fc.constantFrom(...Object.values(ENCODING)).map((encoding) => rect(0, 0, 16, 16, encoding));
    fc.assert(
      fc.property(
        start,
        encodings,
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }),
        fc.boolean(),
        (head, first, pieces, audio) => {
          const all = [Uint8Array.from([...head, ...first]), ...pieces];
          const { out } = serve(all, audio);
          expect(out.length).toBeLessThanOrEqual(all.reduce((sum, piece) => sum + piece.length, 0));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("a server that never ends a header, or ends every rectangle late, costs no memory", () => {
    let forwarded = 0;
    const count = (piece: Uint8Array) => {
      forwarded += piece.length;
    };
    const stream = new ServerStream({ forward: count, sizes: () => ({ pixel: 4, tight: 3 }) });
    const piece = new Uint8Array(64 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    const head = Uint8Array.from([0, 0, 255, 255, ...rect(0, 0, 1, 1, ENCODING.zlib, u32(60 * 1024 ** 2))]);
    expect(stream.push(head)).toBeUndefined();
    for (let at = 0; at < 900; at++) expect(stream.push(piece)).toBeUndefined();
    expect(forwarded).toBe(900 * piece.length + head.length);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 ** 2);
  });

  test("sound arrives whole, however it was cut, and not at all where it was not asked for", () => {
    const message = [
      ...update(rect(0, 0, 1, 1, ENCODING.audio)),
      255,
      1,
      ...u16(1),
      255,
      1,
      ...u16(2),
      ...u32(4),
      1,
      2,
      3,
      4,
      255,
      1,
      ...u16(0),
    ];
    const whole = ["ready", "begin", "data 1 2 3 4", "end"];
    expect(serve([Uint8Array.from(message)], true).heard).toEqual(whole);
    expect(
      serve(
        message.map((byte) => Uint8Array.of(byte)),
        true,
      ).heard,
    ).toEqual(whole);
    expect(serve([Uint8Array.from([255, 1, ...u16(2), ...u32(3), 1, 2, 3, 2])]).out).toEqual([2]);
    expect(serve([Uint8Array.from([255, 1, ...u16(2), ...u32(2 ** 24)])], true).flaw).toBeDefined();
  });
});

describe("the viewer's stream", () => {
  const serverInit = Uint8Array.from([...u16(640), ...u16(480), ...TRUE_COLOUR_32, ...u32(1), 65]);
  const GREETING = [...VERSION, 1, 0];
  const view = (message: readonly number[], viewOnly = false, cut = message.length) => {
    const forwarded: number[] = [];
    const answered: number[] = [];
    const stream = new ClientStream({
      forward: (b) => void forwarded.push(...b),
      answer: (b) => void answered.push(...b),
      viewOnly,
      serverInit,
    });
    let flaw = stream.push(new Uint8Array(0));
    for (let at = 0; at < message.length; at += cut) flaw = stream.push(Uint8Array.from(message.slice(at, at + cut)));
    return { forwarded, answered, flaw, sizes: stream.sizes };
  };

  test("the greeting is answered here, without a word to the server", () => {
    const { forwarded, answered, flaw } = view(GREETING, false, 1);
    expect([flaw, forwarded]).toEqual([undefined, []]);
    expect(answered).toEqual([...VERSION, 1, 1, 0, 0, 0, 0, ...serverInit]);
    expect(view([...Buffer.from("RFB 003.003\n")]).flaw).toBeDefined();
    expect(view([...VERSION, 2]).flaw).toBeDefined();
  });

  test("of its wishes only those that can be followed reach the server", () => {
    const wished = [ENCODING.tight, 50, ENCODING.audio, -312, -313, -1063131698, 0, -26, -250];
    const { forwarded } = view([...GREETING, ...encodeSetEncodings(wished)], false, 3);
    expect(forwarded).toEqual([...encodeSetEncodings([ENCODING.tight, 0, -26, -250])]);
    expect(isAllowedEncoding(ENCODING.audio)).toBe(false);
  });

  const KEY = [4, 1, 0, 0, ...u32(65)];
  const POINTER = [5, 0, ...u16(1), ...u16(1)];
  const CUT = [6, 0, 0, 0, ...u32(2), 65, 65];
  const QEMU_KEY = [255, 0, ...u16(1), ...u32(65), ...u32(30)];
  const SIZE = [251, 0, ...u16(800), ...u16(600), 1, 0, ...bytes(16)];
  const ASK = [3, 1, ...u16(0), ...u16(0), ...u16(640), ...u16(480)];

  test("keys, pointer, clipboard and screen size reach the guest, unless the viewer only watches", () => {
    const all = [...KEY, ...ASK, ...POINTER, ...CUT, ...QEMU_KEY, ...SIZE, ...ASK];
    for (const cut of [1, 7, all.length]) {
      expect(view([...GREETING, ...all], false, cut).forwarded).toEqual(all);
      expect(view([...GREETING, ...all], true, cut).forwarded).toEqual([...ASK, ...ASK]);
    }
  });

  test("sound is not switched on over the screen's connection", () => {
    expect(view([...GREETING, 255, 1, ...u16(2), 3, 2, ...u32(44_100), 255, 1, ...u16(0), ...ASK]).forwarded).toEqual(ASK);
  });

  test("its pixels are chosen before the first picture", () => {
    const format16 = [16, 16, 0, 1, ...u16(31), ...u16(63), ...u16(31), 11, 5, 0, 0, 0, 0];
    expect(view([...GREETING, 0, 0, 0, 0, ...format16]).sizes).toEqual({ pixel: 2, tight: 2 });
    expect(view(GREETING).sizes).toEqual({ pixel: 4, tight: 3 });
    expect(view([...GREETING, ...ASK, 0, 0, 0, 0, ...format16]).flaw).toBeDefined();
    expect(view([...GREETING, 0, 0, 0, 0, 24, ...format16.slice(1)]).flaw).toBeDefined();
  });

  test("for any bytes: it never throws, and a viewer that watches never moves anything", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (pieces) => {
        const { forwarded } = view([...GREETING, ...pieces.flatMap((piece) => [...piece])], true);
        for (const kind of [4, 5, 6, 251, 255]) if (forwarded.length > 0) expect(forwarded[0]).not.toBe(kind);
      }),
      { numRuns: 1000 },
    );
  });
});
