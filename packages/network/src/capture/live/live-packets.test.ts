import { bytesOfHex, concatBytes } from "@mimic/wire";
import { expect, test } from "vitest";
import { CaptureStream, captureTime } from "../pcap/index.ts";
import { LivePackets } from "./index.ts";

/** 10.0.2.15:51234 → 10.0.2.2:445, SYN. */
const SYN = bytesOfHex(
  "525400000002 525400000001 0800 4500002800010000400662be0a00020f0a000202 c82201bd000003e8000000005002faf0 00000000",
) as Uint8Array;
const NIC = "nic_01j9zzzzzzzzzzzzzzzzzzzzzz";

const allOf = (stream: CaptureStream): Uint8Array => {
  const parts: Uint8Array[] = [];
  for (let part = stream.take(); part !== undefined; part = stream.take()) parts.push(part);
  return concatBytes(...parts);
};

test("frames become rows, with port, direction, time and the reason why they were dropped", () => {
  const stream = new CaptureStream({ snapLength: 0 });
  const known = stream.addInterface({ name: "hello", description: NIC });
  const named = stream.addInterface({ name: "gateway" });
  stream.packet(known, SYN, captureTime(1_700_000_000, 123_456_000), "inbound", "dropped: its source MAC is not the NIC's own");
  stream.packet(named, SYN, captureTime(1_700_000_001, 0), "outbound");
  const live = new LivePackets();
  const { rows, missed, broken } = live.push(allOf(stream));
  expect([missed, broken]).toEqual([0, undefined]);
  const common = { length: 54, from: "10.0.2.15", to: "10.0.2.2", protocol: "TCP", words: "51234 → 445 SYN" };
  expect(rows).toEqual([
    { ...common, seq: 1, atMs: 1_700_000_000_123.456, port: NIC, direction: "in", dropped: "its source MAC is not the NIC's own" },
    { ...common, seq: 2, atMs: 1_700_000_001_000, port: "gateway", direction: "out" },
  ]);
  const looked = live.look(1);
  expect(looked?.bytes).toEqual(SYN);
  expect(looked?.layers.map(({ name, from, to }) => [name, from, to])).toEqual([
    ["Ethernet", 0, 14],
    ["IPv4", 14, 34],
    ["TCP", 34, 54],
  ]);
  expect(looked?.layers[2]?.fields).toContainEqual({ name: "Destination port", value: "445" });
});

test("frames that were cut for the capture are not called broken", () => {
  const stream = new CaptureStream({ snapLength: 40 });
  const long = concatBytes(SYN, new Uint8Array(400));
  long[16] = 0x01;
  long[17] = 0xb8; // 440 bytes of IPv4
  stream.packet(stream.addInterface({ name: "a" }), long, captureTime(1, 0), "inbound");
  const live = new LivePackets();
  live.push(allOf(stream));
  expect(
    live
      .look(1)
      ?.layers.flatMap(({ fields }) => fields)
      .filter(({ name }) => name === "Problem"),
  ).toEqual([]);
});

test("only the last packets are kept, in number and in bytes, and lost ones are told", () => {
  const stream = new CaptureStream({ snapLength: 0, bufferBytes: 1 });
  const port = stream.addInterface({ name: "a" });
  const fill = (): Uint8Array => {
    for (let i = 0; i < 1000; i++) stream.packet(port, new Uint8Array(1500), captureTime(i, 0), "inbound");
    return allOf(stream);
  };
  const [first, second] = [fill(), fill()];
  const live = new LivePackets({ keep: 100, maxBytes: 30_000 });
  const seen = live.push(first).rows.length;
  expect(live.push(second)).toMatchObject({ missed: 1000 - seen });
  expect(live.look(1)).toBeUndefined();
  const kept = Array.from({ length: seen * 2 }, (_, index) => live.look(index + 1)).filter((one) => one !== undefined);
  expect(kept).toHaveLength(20);
  expect(live.look(0)).toBeUndefined();
});

test("a capture that is broken says so once", () => {
  const live = new LivePackets();
  expect(live.push(Uint8Array.of(1, 2, 3, 4, 5))).toMatchObject({ rows: [], broken: "not_a_capture" });
  expect(live.push(Uint8Array.of(1))).toEqual({ rows: [], missed: 0, broken: undefined });
});
