import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLayer } from "./check.ts";
import { HEADER_BYTES, newQcow2, parseQcow2Header } from "./header.ts";

function head(spec: Parameters<typeof newQcow2>[0]): Uint8Array {
  const { fileBytes, pieces } = newQcow2(spec);
  const bytes = new Uint8Array(Math.min(fileBytes, HEADER_BYTES));
  for (const piece of pieces) if (piece.at < bytes.length) bytes.set(piece.bytes.subarray(0, bytes.length - piece.at), piece.at);
  return bytes;
}
const over = { path: "/d/over.qcow2", format: "qcow2" as const };
const base = { path: "/d/images/abc", format: "raw" as const };

test("what is written is read back, for any size and name", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 46 }),
      fc.option(fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" })),
      fc.constantFrom("raw" as const, "qcow2" as const),
      (sizeBytes, path, format) => {
        const header = parseQcow2Header(head({ sizeBytes, backing: path === null ? undefined : { path, format } }));
        expect(header).toMatchObject({
          version: 3,
          sizeBytes: Math.ceil(sizeBytes / 512) * 512,
          backing: path ?? undefined,
          backingFormat: path === null ? undefined : format,
          dataFile: undefined,
          unknownFeatures: false,
          encrypted: false,
        });
      },
    ),
    { numRuns: 50 },
  );
});

test("any bytes give a header or a word, never a throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseQcow2Header(bytes)));
  const good = head({ sizeBytes: 2 ** 30, backing: base });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 8 }), fc.nat(400), (changes, cut) => {
      const bytes = good.slice(0, cut === 400 ? good.length : cut);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      parseQcow2Header(bytes);
    }),
  );
});

test("an overlay may name the image under it, in a data directory that was moved, and nothing else", () => {
  const refused = (path: string) => checkLayer(over, head({ sizeBytes: 1024, backing: { path, format: "raw" } }), [base]);
  expect(refused("/d/images/abc")).toBeUndefined();
  expect(refused("/elsewhere/images/abc")).toBeUndefined();
  expect(refused("/etc/passwd")?.code).toBe("disk.changed_outside");
  expect(refused("json:{}")?.code).toBe("disk.changed_outside");
  expect(checkLayer(over, head({ sizeBytes: 1024, backing: base }), [])?.code).toBe("disk.changed_outside");
  expect(checkLayer(over, head({ sizeBytes: 1024, backing: { ...base, format: "qcow2" } }), [base])?.code).toBe("disk.changed_outside");
});

test("an external data file, unknown features and damage are refused", () => {
  const changed = (change: (view: DataView, bytes: Uint8Array) => void) => {
    const bytes = head({ sizeBytes: 1024 });
    change(new DataView(bytes.buffer), bytes);
    return checkLayer(over, bytes, [])?.code;
  };
  expect(changed(() => {})).toBeUndefined();
  expect(changed((view) => view.setBigUint64(72, 4n))).toBe("disk.changed_outside");
  expect(changed((view) => view.setBigUint64(72, 1n << 40n))).toBe("disk.changed_outside");
  expect(changed((view) => view.setUint32(32, 1))).toBe("disk.changed_outside");
  expect(changed((view) => view.setUint32(112, 0x44415441))).toBe("disk.changed_outside");
  expect(changed((_, bytes) => bytes.fill(0, 0, 4))).toBe("disk.changed_outside");
});
