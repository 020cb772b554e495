import { CaptureStream, captureTime } from "@mimic/network";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PacketList } from "./packets.ts";

/** An ARP question from 52:54:00:00:00:01: who has 10.77.0.1? Tell 10.77.0.10. */
const ARP = Uint8Array.from(
  Buffer.from("ffffffffffff525400000001080600010800060400015254000000010a4d000a0000000000000a4d0001".padEnd(120, "0"), "hex"),
);

function captured(frames: readonly Uint8Array[], comment?: string): Uint8Array[] {
  const stream = new CaptureStream({ snapLength: 0 });
  const port = stream.addInterface({ name: "hello", description: "nic_1" });
  for (const frame of frames) stream.packet(port, frame, captureTime(1_700_000_000, 500_000_000), "inbound", comment);
  const pieces: Uint8Array[] = [];
  for (let bytes = stream.take(); bytes !== undefined; bytes = stream.take()) pieces.push(bytes.slice());
  return pieces;
}

test("frames become rows with their port's id, time, ends and words, and the reason when they were dropped", () => {
  const kept = new Map<number, Uint8Array>();
  const list = new PacketList(kept);
  for (const bytes of captured([ARP], "Its source lies.")) list.add(bytes);
  const { packets, missed } = list.take();
  expect(missed).toBe(0);
  expect(packets).toMatchObject([
    { seq: 1, port: "nic_1", atMs: 1_700_000_000_500, direction: "in", length: ARP.length, protocol: "ARP", dropped: "Its source lies." },
  ]);
  expect(packets[0]?.words).toContain("10.77.0.1");
  expect(kept.get(1)).toEqual(ARP);
});

test("more frames than anybody reads are counted as missed, and only the last two thousand are kept", () => {
  const kept = new Map<number, Uint8Array>();
  const list = new PacketList(kept);
  for (let round = 0; round < 6; round++) {
    for (const bytes of captured(Array.from({ length: 600 }, () => ARP))) list.add(bytes);
    const { packets, missed } = list.take();
    expect([packets.length, missed]).toEqual([500, 100]);
  }
  expect(kept.size).toBe(2000);
  expect(kept.has(1000)).toBe(false);
  expect(kept.has(3000)).toBe(true);
});

test("bytes of any kind never throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (frames) => {
      const list = new PacketList(new Map());
      for (const bytes of captured(frames)) list.add(bytes);
      expect(list.take().packets.length).toBe(frames.length);
    }),
  );
});
