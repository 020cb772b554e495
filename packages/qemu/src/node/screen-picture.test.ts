import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pictureOf, pngOf } from "./screen-picture.ts";

const ppm = (width: number, height: number, rgb: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`, "latin1"), rgb]);

/** A reader that shares nothing with the writer: chunks by their lengths, then the rows without their filter bytes. */
function pixelsOf(png: Buffer): { width: number; height: number; rgb: Buffer } {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12)
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const [head, data] = [chunks.get("IHDR"), chunks.get("IDAT")];
  if (!head || !data || !chunks.has("IEND")) throw new Error("a part is missing");
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const rows = inflateSync(data);
  const rgb = Buffer.concat(Array.from({ length: height }, (_, y) => rows.subarray(y * (width * 3 + 1) + 1, (y + 1) * (width * 3 + 1))));
  return { width, height, rgb };
}

test("a picture that QEMU wrote comes back from its PNG pixel by pixel", async () => {
  const sizes = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });
  const pictures = sizes.chain(({ width, height }) =>
    fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }).map((rgb) => ({ width, height, rgb })),
  );
  await fc.assert(
    fc.asyncProperty(pictures, async ({ width, height, rgb }) => {
      const png = Buffer.from(await pngOf(pictureOf(ppm(width, height, rgb))));
      expect(pixelsOf(png)).toEqual({ width, height, rgb: Buffer.from(rgb) });
    }),
  );
});

test("a picture that is cut, too long, impossibly large or none at all is refused", () => {
  const good = ppm(2, 2, new Uint8Array(12));
  expect(pictureOf(good)).toMatchObject({ width: 2, height: 2 });
  for (const bad of [
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.of(0)]),
    ppm(0, 9, new Uint8Array()),
    ppm(9000, 1, new Uint8Array(27_000)),
  ])
    expect(() => pictureOf(bad)).toThrow("cannot be used");
  const refused = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    expect(() => pictureOf(bytes)).toThrow("cannot be used");
  });
  fc.assert(refused);
});
