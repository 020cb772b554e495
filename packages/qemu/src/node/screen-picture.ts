// What a screen shows, as QEMU writes it (PPM), and as the PNG that people get. QEMU can write a PNG itself, but must not: on a
// disk that is full libpng then jumps to where nobody waits for it, and the guest is gone with QEMU. Its PPM ends in an error
// like anything else, and holds up the guest for a fraction of the time.
import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";
import { MimicError } from "@mimic/base";

const pack = promisify(deflate);
const MAX_SIDE = 8192;
/** Three bytes a pixel, and the header. */
export const LARGEST_PPM = MAX_SIDE * MAX_SIDE * 3 + 64;

/** Pixels row by row from the top left, three bytes each: red, green, blue. */
export interface ScreenPicture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Reads a PPM (netpbm, “P6”, 8 bit) as QEMU writes it. Throws `screen.bad_picture` for anything else. */
export function pictureOf(ppm: Uint8Array): ScreenPicture {
  const head = /^P6\n(\d{1,5}) (\d{1,5})\n255\n/.exec(Buffer.from(ppm.subarray(0, 32)).toString("latin1"));
  const [width, height] = [Number(head?.[1] ?? 0), Number(head?.[2] ?? 0)];
  const rgb = ppm.subarray(head?.[0].length ?? 0);
  if (width < 1 || width > MAX_SIDE || height < 1 || height > MAX_SIDE || rgb.length !== width * height * 3)
    throw new MimicError("screen.bad_picture", "QEMU made a picture of the screen that cannot be used.", {
      hint: "Try again in a moment.",
    });
  return { width, height, rgb };
}

/** One IDAT, no filters: screens are flat areas, which pack as well without (W3C PNG, sections 5 and 11). */
export async function pngOf({ width, height, rgb }: ScreenPicture): Promise<Uint8Array> {
  const row = width * 3;
  const rows = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) rows.set(rgb.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // 8 bits a channel, RGB; the rest is the only kind there is.
  head.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", await pack(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(kind: "IHDR" | "IDAT" | "IEND", data: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(data.length + 12);
  whole.writeUInt32BE(data.length, 0);
  whole.write(kind, 4, "latin1");
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8);
  return whole;
}
