import { CaptureStream, captureTime, readCapture } from "@mimic/network";
import { concatBytes } from "@mimic/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CaptureRing, type CaptureRingOptions } from "./capture-ring.ts";

/** Carries the steps out in memory. */
function ringInMemory(options: CaptureRingOptions) {
  const ring = new CaptureRing(options);
  const files = new Map<number, Uint8Array[]>();
  let open: number | undefined;
  let isFull = false;
  const run = (steps: ReturnType<CaptureRing["push"]>): void => {
    for (const one of steps) {
      if (one.step === "open") {
        expect(open).toBeUndefined();
        open = one.file;
        files.set(one.file, []);
      } else if (one.step === "write") files.get(open as number)?.push(one.bytes.slice());
      else if (one.step === "close") open = undefined;
      else if (one.step === "remove") expect(files.delete(one.file)).toBe(true);
      else isFull = true;
    }
  };
  return { push: (bytes: Uint8Array) => run(ring.push(bytes)), end: () => run(ring.end()), files, isFull: () => isFull };
}

test("each file of a ring is a capture of its own, within its limit, and the newest are kept", () => {
  const sizes = fc.array(fc.integer({ min: 14, max: 1500 }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 2, max: 5 }), (frames, maxFileBytes, maxFiles) => {
      const stream = new CaptureStream({ snapLength: 0 });
      const ring = ringInMemory({ maxFileBytes, maxFiles });
      const ports = [stream.addInterface({ name: "first" })];
      for (const [index, size] of frames.entries()) {
        if (index === 10) ports.push(stream.addInterface({ name: "later" }));
        stream.packet(ports[index % ports.length] as number, new Uint8Array(size), captureTime(index, 0), "inbound");
        const bytes = index % 7 === 0 ? stream.take() : undefined;
        if (bytes !== undefined) ring.push(bytes);
      }
      stream.close(captureTime(9999, 0));
      for (let bytes = stream.take(); bytes !== undefined; bytes = stream.take()) ring.push(bytes);
      ring.end();
      expect(ring.files.size).toBeLessThanOrEqual(maxFiles);
      const numbers = [...ring.files.values()].flatMap((parts) => {
        const bytes = concatBytes(...parts);
        const items = readCapture(bytes);
        expect(items.filter((item) => item.kind === "malformed")).toEqual([]);
        expect(bytes.length).toBeLessThanOrEqual(maxFileBytes + 2 * 1700);
        return items.flatMap((item) => (item.kind === "packet" ? [Number(item.atNs / 1_000_000_000n)] : []));
      });
      // The end of the capture without a gap.
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => frames.length - numbers.length + index));
    }),
    { numRuns: 60 },
  );
});

test("a single file ends when it is full, and says so", () => {
  const stream = new CaptureStream({ snapLength: 0 });
  const port = stream.addInterface({ name: "a" });
  for (let i = 0; i < 100; i++) stream.packet(port, new Uint8Array(1000), captureTime(i, 0), "inbound");
  const ring = ringInMemory({ maxFileBytes: 10_000, maxFiles: 1 });
  ring.push(stream.take() as Uint8Array);
  expect(ring.isFull()).toBe(true);
  const items = readCapture(concatBytes(...(ring.files.get(1) as Uint8Array[])));
  expect(items.filter((item) => item.kind === "packet")).toHaveLength(10);
  expect(items.filter((item) => item.kind === "malformed")).toEqual([]);
});

test("without a limit there is one file with everything", () => {
  const stream = new CaptureStream({ snapLength: 0 });
  stream.packet(stream.addInterface({ name: "a" }), new Uint8Array(60), captureTime(1, 0), "inbound");
  const ring = ringInMemory({ maxFileBytes: 0, maxFiles: 3 });
  const bytes = stream.take() as Uint8Array;
  ring.push(bytes.slice());
  ring.end();
  expect(concatBytes(...(ring.files.get(1) as Uint8Array[]))).toEqual(bytes);
});
