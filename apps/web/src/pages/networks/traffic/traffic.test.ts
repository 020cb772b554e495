import type { LivePacket } from "@mimic/api/live";
import fc from "fast-check";
import { expect, test } from "vitest";
import { faultIn } from "./filter-fault.ts";
import { addMissed, addPackets, emptyLog, readPacketMessage, rowsInSight } from "./packet-log.ts";

const packet = (seq: number): LivePacket => ({
  seq,
  atMs: seq,
  port: "nic_a",
  direction: "in",
  length: 60,
  from: "a",
  to: "b",
  protocol: "ARP",
  words: "who has",
});
const some = (from: number, count: number) => Array.from({ length: count }, (_, at) => packet(from + at));

test("the page keeps the newest packets only, in their order, however many come and in whatever pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 30 }), (sizes) => {
      let log = emptyLog;
      let next = 1;
      for (const size of sizes) {
        log = addPackets(log, some(next, size), 25);
        next += size;
      }
      expect(log.seen).toBe(next - 1);
      expect(log.packets.map(({ seq }) => seq)).toEqual(some(Math.max(1, next - 25), Math.min(25, next - 1)).map(({ seq }) => seq));
    }),
  );
  expect(addMissed(addMissed(emptyLog, 3), -7).missed).toBe(3);
});

test("a message of packets is read without trust", () => {
  expect(readPacketMessage({ packets: [packet(1), null, 7, { seq: "1" }, packet(2)], missed: 4 })).toEqual({
    packets: [packet(1), packet(2)],
    missed: 4,
  });
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("packets", "missed", "x"), fc.anything()), (message) => void readPacketMessage(message)),
  );
});

test("of a long list only the rows in sight and a few around them are drawn", () => {
  expect(rowsInSight(2600, 260, 26, 5000)).toEqual({ first: 94, end: 116 });
  expect(rowsInSight(0, 260, 26, 3)).toEqual({ first: 0, end: 3 });
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(2000), fc.nat(5000), (top, height, count) => {
      const { first, end } = rowsInSight(top, height, 26, count);
      expect(first).toBeLessThanOrEqual(end);
      expect(end).toBeLessThanOrEqual(count);
      expect(end - first).toBeLessThanOrEqual(Math.ceil(height / 26) + 14);
    }),
  );
});

test("a filter that is not understood is pointed at where it is wrong", () => {
  expect(faultIn("tcp prot 80", { message: "“prot” is no word of a filter." })).toEqual({ before: "tcp ", word: "prot", after: " 80" });
  expect(faultIn("tcp port x and y", { message: "A port is a number.", detail: "9-10" })).toEqual({
    before: "tcp port ",
    word: "x",
    after: " and y",
  });
  expect(faultIn("tcp prot 80", { message: "No.", from: 4, to: 8 })?.word).toBe("prot");
  expect(faultIn("tcp", { message: "Something else.", detail: "90-95" })).toBeUndefined();
});
