// Chance for links: fast, repeatable, good enough for statistics, never for secrets.
import type { Random } from "@mimic/base";

/** The next number in [0, 1). */
export type Chance = () => number;

/** The same four 32-bit words give the same chances (sfc32 by Chris Doty-Humphrey, public domain algorithm). */
export function seededChance(a: number, b = 0x9e3779b9, c = 0x243f6a88, d = 1): Chance {
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 0x1_0000_0000;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

export function chanceOf(random: Random): Chance {
  const seed = random.bytes(16);
  const word = (at: number): number => new DataView(seed.buffer, seed.byteOffset + at, 4).getUint32(0);
  return seededChance(word(0), word(4), word(8), word(12));
}

/** Standard normal (Box and Muller 1958). */
export function normal(chance: Chance): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}
