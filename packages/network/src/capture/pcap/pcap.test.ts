import { concatBytes } from "@mimic/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CapturedPacket, type CaptureItem, CaptureReader, CaptureStream, captureTime, readCapture } from "./index.ts";

const packets = (items: readonly CaptureItem[]): CapturedPacket[] => items.filter((item) => item.kind === "packet");

function everythingOf(stream: CaptureStream): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let part = stream.take(); part !== undefined; part = stream.take()) parts.push(part);
  return concatBytes(...parts);
}

const somePacket = fc.record({
  frame: fc.uint8Array({ maxLength: 200 }),
  seconds: fc.nat({ max: 4_000_000_000 }),
  nanoseconds: fc.nat({ max: 999_999_999 }),
  direction: fc.constantFrom("unknown" as const, "inbound" as const, "outbound" as const),
  comment: fc.option(fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }), { nil: undefined }),
});

test("what is written is read again: frames, times to the nanosecond, directions, comments", () => {
  fc.assert(
    fc.property(fc.array(somePacket, { maxLength: 20 }), fc.nat({ max: 100 }), (wanted, snapLength) => {
      const stream = new CaptureStream({ snapLength, filter: "tcp" });
      const id = stream.addInterface({ name: "hello", description: "port of hello", mac: new Uint8Array(6) });
      for (const one of wanted) stream.packet(id, one.frame, captureTime(one.seconds, one.nanoseconds), one.direction, one.comment);
      const items = readCapture(everythingOf(stream));
      expect(items[0]).toMatchObject({ kind: "interface", name: "hello", filter: "tcp", linkType: 1, snapLength });
      const got = packets(items);
      expect(got).toHaveLength(wanted.length);
      for (const [index, one] of wanted.entries()) {
        expect(got[index]).toMatchObject({
          atNs: BigInt(one.seconds) * 1_000_000_000n + BigInt(one.nanoseconds),
          originalLength: one.frame.length,
          direction: one.direction,
          comments: one.comment === undefined ? [] : [one.comment],
          lost: 0,
        });
        expect(got[index]?.frame).toEqual(snapLength === 0 ? one.frame : one.frame.subarray(0, snapLength));
      }
    }),
    { numRuns: 50 },
  );
});

test("a reader that is too slow loses frames, memory stays bounded, and the file says how many", () => {
  const stream = new CaptureStream({ snapLength: 0, bufferBytes: 1024 * 1024 });
  const id = stream.addInterface({ name: "busy" });
  const frame = new Uint8Array(1500);
  for (let i = 0; i < 5000; i++) stream.packet(id, frame, captureTime(i, 0), "inbound");
  const first = everythingOf(stream);
  expect(first.length).toBeLessThanOrEqual(1024 * 1024);
  stream.packet(id, frame, captureTime(9999, 0), "inbound");
  stream.close(captureTime(10_000, 0));
  const items = readCapture(concatBytes(first, everythingOf(stream)));
  const got = packets(items);
  const { received, accepted, lost } = stream.counters();
  expect([received, accepted]).toEqual([5001, 5001]);
  expect(lost).toBeGreaterThan(4000);
  expect(got.length + lost).toBe(5001);
  expect(got.at(-1)?.lost).toBe(lost);
  expect(items.at(-1)).toEqual({ kind: "statistics", interfaceId: 0, received: 5001, accepted: 5001, lost });
});

test("ports that join while nobody reads are described before their first frame", () => {
  const stream = new CaptureStream({ snapLength: 0, bufferBytes: 1 });
  const port = stream.addInterface({ name: "first" });
  for (let i = 0; i < 1000; i++) stream.packet(port, new Uint8Array(1500), captureTime(i, 0), "inbound");
  const late = Array.from({ length: 2000 }, (_, index) => stream.addInterface({ name: `late ${index}` }));
  stream.packet(late[0] as number, new Uint8Array(60), captureTime(0, 0), "inbound");
  const first = everythingOf(stream);
  stream.packet(late[1999] as number, new Uint8Array(60), captureTime(1, 0), "inbound");
  stream.close(captureTime(2, 0));
  const items = readCapture(concatBytes(first, everythingOf(stream)));
  expect(items.filter((item) => item.kind === "malformed")).toEqual([]);
  expect(items.filter((item) => item.kind === "interface")).toHaveLength(2001);
  expect(packets(items).at(-1)).toMatchObject({ interfaceId: 2000, frame: new Uint8Array(60) });
  expect(items.filter((item) => item.kind === "statistics")).toHaveLength(2001);
});

test("the stream tells once when there is something to take", () => {
  let told = 0;
  const stream = new CaptureStream({ snapLength: 0, onReadable: () => told++ });
  const id = stream.addInterface({ name: "a" });
  for (let i = 0; i < 10; i++) stream.packet(id, new Uint8Array(60), captureTime(i, 0), "unknown");
  expect(told).toBe(1);
  const taken = stream.take() as Uint8Array;
  stream.giveBack(taken);
  expect(stream.take()).toBeUndefined();
  stream.packet(id, new Uint8Array(60), captureTime(0, 0), "unknown");
  expect(told).toBe(2);
});

test("a capture is read in pieces of any size as it is read at once", () => {
  const stream = new CaptureStream({ snapLength: 0 });
  const id = stream.addInterface({ name: "a" });
  for (let i = 0; i < 30; i++) stream.packet(id, new Uint8Array(i * 7).fill(i), captureTime(i, i), "inbound", `frame ${i}`);
  stream.close(captureTime(99, 0));
  const bytes = everythingOf(stream);
  const whole = readCapture(bytes);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const reader = new CaptureReader();
      const items: CaptureItem[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const end = at + (sizes[i % sizes.length] as number);
        items.push(...reader.push(bytes.slice(at, end)));
        at = end;
      }
      expect([...items, ...reader.end()]).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

function pcap(isLittle: boolean, isNano: boolean): Uint8Array {
  const bytes = new Uint8Array(24 + 16 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, isNano ? 0xa1b23c4d : 0xa1b2c3d4, isLittle);
  view.setUint16(4, 2, isLittle);
  view.setUint32(16, 65_535, isLittle);
  view.setUint32(20, 1, isLittle);
  view.setUint32(24, 1_700_000_000, isLittle);
  view.setUint32(28, 5, isLittle);
  view.setUint32(32, 4, isLittle);
  view.setUint32(36, 1500, isLittle);
  bytes.set([1, 2, 3, 4], 40);
  return bytes;
}

test.each([
  [true, true],
  [true, false],
  [false, true],
  [false, false],
])("the older pcap format is read in either byte order and precision (%s, %s)", (isLittle, isNano) => {
  const [description, packet] = readCapture(pcap(isLittle, isNano));
  expect(description).toMatchObject({ kind: "interface", linkType: 1, snapLength: 65_535 });
  const atNs = 1_700_000_000_000_000_000n + (isNano ? 5n : 5000n);
  expect(packet).toMatchObject({ kind: "packet", atNs, originalLength: 1500, frame: Uint8Array.of(1, 2, 3, 4) });
});

test("hostile files end with a name for what is wrong, and nothing throws", () => {
  const stream = new CaptureStream({ snapLength: 0 });
  const id = stream.addInterface({ name: "a" });
  for (let i = 0; i < 5; i++) stream.packet(id, new Uint8Array(40), captureTime(i, 0), "inbound", "why");
  stream.close(captureTime(9, 0));
  const good = [everythingOf(stream), pcap(true, true), pcap(false, false)];
  const change = fc.array(fc.tuple(fc.nat({ max: 700 }), fc.constantFrom(0, 1, 4, 127, 128, 255)), { maxLength: 8 });
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.constantFrom(...good), change, fc.nat({ max: 1400 })).map(([bytes, changes, cut]) => {
      const copy = bytes.slice(0, cut > 700 ? bytes.length : cut);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy;
    }),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      const items = readCapture(bytes);
      const broken = items.findIndex((item) => item.kind === "malformed");
      if (broken >= 0) expect(broken).toBe(items.length - 1);
      for (const packet of packets(items)) expect(packet.frame.length).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 3000 },
  );
  expect(readCapture(new Uint8Array(0))).toEqual([{ kind: "malformed", malformed: "not_a_capture", at: 0 }]);
  expect(readCapture(good[0]?.subarray(0, 50) as Uint8Array).at(-1)).toMatchObject({ malformed: "truncated" });
});
