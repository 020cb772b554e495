// A PNG from pixels (RGB, 8 bit), for thumbnails of machines that do not exist. W3C PNG, one IDAT.
import { crc32, deflateSync } from "node:zlib";

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

export function png(width: number, height: number, pixel: (x: number, y: number) => number): Buffer {
  const raw = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw.writeUIntBE(pixel(x, y), y * (width * 3 + 1) + 1 + x * 3, 3);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** What a machine of that look shows at `tick`: lines of “text”, or a small desktop. */
export function screenPixel(look: number, tick: number): (x: number, y: number) => number {
  const noise = (a: number, b: number) => (Math.imul(a * 374761393 + b * 668265263 + look * 69069, 1274126177) >>> 16) & 255;
  if (look % 3 === 1)
    return (x, y) => {
      if (y < 18) return x > 590 && x < 630 && y > 5 && y < 12 ? 0xdfe7e6 : 0x12282b;
      const inWindow = x > 70 && x < 430 && y > 60 && y < 320;
      if (inWindow && y < 82) return 0x2b5a5e;
      if (inWindow) return y % 16 < 8 && noise(x >> 3, y >> 4) > 120 && x > 86 && x < 86 + noise(1, y >> 4) && y > 94 ? 0x46595b : 0xf3f6f6;
      return (((0x3c + (y >> 3)) & 255) << 16) | (((0x7a + (x >> 5)) & 255) << 8) | 0x86;
    };
  const ink = look % 3 === 2 ? 0xe8b04a : 0xc9d4d2;
  return (x, y) => {
    const line = Math.floor(y / 16);
    const column = Math.floor(x / 8);
    if (y % 16 > 11 || y % 16 < 3 || x % 8 > 6) return 0x0a0f10;
    if (line === 22)
      return column < 9 ? (noise(x, line) > 70 ? 0x71c0bf : 0x0a0f10) : column === 10 && tick % 2 === 0 ? 0xdfe7e6 : 0x0a0f10;
    return line < 22 && column < 6 + (noise(3, line) >> 2) && noise(column, line) > 40 && noise(x, y) > 95 ? ink : 0x0a0f10;
  };
}
